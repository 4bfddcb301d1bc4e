// The drawer: the cells of a place as a list, and one cell with all that is known of it.

const LISTED = 100;
const CAUSES = 6; // below a list; each cell has its own

function openDrawer(title, lead, ...content) {
  const drawer = byId("drawer");
  const close = make("button", { type: "button", class: "quiet", "aria-label": "Close" }, "Close");
  close.addEventListener("click", () => drawer.close());
  drawer.replaceChildren(
    make("header", {}, make("h2", { id: "drawer-title", tabindex: "-1" }, title), close),
    lead,
    ...content,
  );
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
  byId("drawer-title").focus();
}

// Those that failed first, then what contradicts the documents, then by verdict, worst first.
const WORST = ["crashed", "timeout", "differs", "refused", "drift", "env_error", "unsaved", "not run", "same", "absent"];

function rank(cell) {
  return (cell.said.failed ? 0 : 1000) + (cell.said.contradiction ? 0 : 100) + WORST.indexOf(cell.said.verdict);
}

function showList(list, title, onCell) {
  const ordered = [...list].sort((a, b) => rank(a) - rank(b) || a.place - b.place);
  const body = make("tbody");
  const names = ["verdict", "model", "saved by", "loaded by", "operation", "pytest", "cause"];
  const table = make("table", { class: "cells list" },
    make("thead", {}, make("tr", {}, names.map((name) => make("th", { scope: "col" }, name)))), body);
  const more = make("button", { type: "button", class: "quiet" });
  const add = () => {
    const from = body.childElementCount;
    for (const cell of ordered.slice(from, from + LISTED)) body.append(listed(cell, onCell));
    const left = ordered.length - body.childElementCount;
    more.textContent = `Show ${Math.min(left, LISTED)} more of ${left}`;
    more.hidden = left === 0;
  };
  more.addEventListener("click", add);
  add();
  table.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tr");
    if (!step || !row) return;
    const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
    const button = next && next.querySelector("button");
    if (button) button.focus();
    event.preventDefault();
  });
  openDrawer(title, make("p", { class: "where" }, count(list.length, "cell")), make("div", { class: "scroll" }, table), more, ...causesOf(list));
}

// Each cause that struck in a list, told once.
function causesOf(list) {
  const causes = new Map();
  for (const { said } of list) if (said.cause && !causes.has(said.cause)) causes.set(said.cause, said);
  return [...causes.values()].slice(0, CAUSES).map((said) => make("section", { class: "part" },
    make("h3", {}, said.cause), said.why && make("p", {}, said.why), said.remedy && make("p", {}, make("b", {}, "What to do: "), said.remedy)));
}

function listed(cell, onCell) {
  const button = make("button", { type: "button", class: "plain", "aria-label": `${cell.said.verdict}: ${cell.id}` }, verdict(cell.said.verdict));
  const at = (api, name) => (api ? [api, " ", make("span", { class: "at" }, name)] : []);
  const row = make("tr", { "data-failed": cell.said.failed, "data-contradiction": cell.said.contradiction },
    make("td", {}, button),
    make("td", {}, ...modelOf(cell)),
    make("td", {}, at(cell.saved, cell.save_runtime)),
    make("td", {}, at(cell.load, cell.load_runtime)),
    make("td", {}, cell.operation),
    make("td", {}, cell.said.outcome),
    make("td", {}, cell.said.cause || ""));
  row.addEventListener("click", () => onCell(cell));
  return row;
}

function showCell(cell, back) {
  const { said } = cell;
  const button = back && make("button", { type: "button", class: "quiet back" }, `← All ${back.number} here`);
  if (button) button.addEventListener("click", back.go);
  const lead = make("p", { class: "lead" }, verdict(said.verdict), " ",
    said.stage && said.verdict !== "same" ? make("span", { class: "chip" }, `at ${said.stage}`) : null, " ",
    make("span", { class: "chip", "data-failed": said.failed }, said.outcome), " ",
    make("span", { class: "chip" }, said.promise), " ",
    said.contradiction ? make("span", { class: "chip", "data-contradiction": true }, "contradiction") : null, " ",
    said.asserted ? make("span", { class: "chip" }, "the test itself failed") : null);
  openDrawer(make("span", {}, ...named(cell)), lead, button || "", ...parts(cell));
}

// The model; of a folder the signature or function too, where it is not the one that is called by default.
function modelOf({ model, said }) {
  const called = said.signature || said.function;
  const told = said.writers && called && called !== "serving_default" && called !== "__call__";
  return told ? [model, " ", make("span", { class: "at" }, called)] : [model];
}

// Affine, builder 2.15 → tf1_load 1.15, inference
function named(cell) {
  const under = (api, name) => [make("span", { class: "api" }, api), " ", make("span", { class: "at" }, name)];
  const again = cell.resave_runtime ? [" → ", ...under("saved again", cell.resave_runtime)] : [];
  const load = cell.load ? [" → ", ...under(cell.load, cell.load_runtime)] : [];
  return [...modelOf(cell), make("span", { class: "path" }, ...under(cell.save, cell.save_runtime), ...again, ...load), make("span", { class: "operation" }, cell.operation)];
}

function parts(cell) {
  const { said } = cell;
  const shown = [
    part("Why", said.why && make("p", {}, said.why, said.cause ? [" ", make("code", { class: "cause" }, said.cause)] : [])),
    part("What to do", said.remedy && make("p", {}, said.remedy)),
    part("But", said.note && make("p", {}, said.note)),
    part("The contract", said.changes && contract(said.changes)),
    part("Values", values(cell)),
    part(said.exception || "Message", said.message && !isContract(said) && make("pre", { class: "message", tabindex: "0" }, said.message)),
    part("Foretold", said.predicted && make("p", {}, make("b", {}, said.predicted), said.predicted_reason ? `: ${said.predicted_reason}` : "")),
    part("Promise", promise(said)),
    part("Notes", said.notes && make("ul", {}, said.notes.map((note) => make("li", {}, note)))),
    part("Thread", said.thread && make("p", {}, link(said.thread))),
    part("Rerun", cell.command && copyable(whole(cell.command, cell), "Copy the command")),
    part("Log", cell.log && copyable(cell.log, "Copy the log's path")),
    part("More", more(cell)),
  ];
  if (!said.why && !["same", "absent", "not run"].includes(said.verdict)) {
    shown.unshift(part("Why", make("p", {}, "No known cause.")));
  }
  return shown.filter(Boolean);
}

function part(title, content) {
  return content ? make("section", { class: "part" }, make("h3", {}, title), content) : null;
}

// Whether the message says no more than what changed in the contract.
function isContract({ message, changes }) {
  const plain = (text) => text.split(/\s+/).join(" ");
  return Boolean(changes) && plain(message) === plain(changes.map(([, sentence]) => sentence).join("\n"));
}

function contract(changes) {
  return make("table", { class: "contract" }, make("tbody", {},
    changes.map(([kind, sentence]) => make("tr", {}, make("th", { scope: "row" }, kind.replace("_", " ")), make("td", {}, sentence)))));
}

function values(cell) {
  const told = [["largest absolute error", cell.max_abs_error], ["largest relative error", cell.max_rel_error]];
  const known = told.filter(([, error]) => error !== null && error !== undefined);
  if (!known.length) return null;
  return make("dl", { class: "figures" }, known.map(([name, error]) => [make("dt", {}, name), make("dd", {}, exponent(error))]));
}

function exponent(error) {
  return typeof error === "number" && error !== 0 ? error.toPrecision(4) : String(error);
}

function promise(said) {
  if (!said.statement) return said.promise === "unpromised" ? make("p", {}, "The documents have no word on it.") : null;
  return make("blockquote", {}, make("p", {}, said.statement), make("footer", {}, [said.promise, said.document].filter(Boolean).join(", ")));
}

function more(cell) {
  const { said } = cell;
  const told = [
    ["id", cell.id],
    ["direction", said.direction],
    ["signature", said.signature],
    ["function", said.function],
    ["computed by", said.reference],
    ["inputs", said.inputs],
    ["written by", (said.writers || []).join(" or ")],
    ["not compared", (said.not_compared || []).join(", ")],
    ["took", `${cell.seconds} s${said.reused ? ", the save taken from the store" : ""}`],
    ["held against", said.expect === "documents" ? "the documents" : "a round trip"],
    ["file", said.file],
  ];
  return make("dl", { class: "figures" }, told.filter(([, value]) => value).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
