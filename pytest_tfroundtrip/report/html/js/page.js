// What belongs together: filters, matrix, drawer, address.

const THEME = "tf-roundtrip-theme"; // as in head.js

function startTheme() {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const button = byId("theme");
  const show = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem(THEME, root.dataset.theme);
    } catch {
      // Not kept, then.
    }
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// The search and a menu for each filter that has a choice to offer; verdicts are buttons of their own.
function buildChoice() {
  const search = make("input", {
    type: "search", id: "words", placeholder: "Search names, messages, causes", "aria-label": "Search",
    autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/",
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { choice.words = search.value.trim(); changed(); }, 120);
  });
  const menus = FILTERS.map((filter, place) => (filter.values.length > 1 && filter.name !== "verdict" ? menu(filter, place) : null));
  const crossed = make("button", { type: "button", class: "quiet", id: "by-api" });
  crossed.addEventListener("click", () => { choice.byApi = !shownByApi; changed(); });
  const clear = make("button", { type: "button", class: "quiet", id: "clear" }, "Clear");
  clear.addEventListener("click", () => {
    choice.chosen.forEach((words) => words.clear());
    choice.words = "";
    search.value = "";
    changed();
    search.focus();
  });
  byId("choice").append(search, ...menus.filter(Boolean), crossed, clear);
  byId("choice").addEventListener("submit", (event) => event.preventDefault());
}

function menu(filter, place) {
  const summary = make("summary", {}, make("span", {}, filter.label), " ", make("b", { class: "picked" }));
  const list = make("ul", {}, filter.values.map((word, at) => {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => toggle(place, word));
    return make("li", { "data-at": at }, make("label", {}, box, make("span", { class: "word" }, word), make("span", { class: "number" })));
  }));
  const details = make("details", { class: "menu", name: "filter", "data-place": place }, summary, list);
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
    event.stopPropagation();
  });
  return details;
}

function buildVerdicts() {
  const place = FILTERS.findIndex((filter) => filter.name === "verdict");
  byId("verdicts").replaceChildren(...FILTERS[place].values.map((word, at) => {
    const button = make("button", { type: "button", class: "plain", "aria-pressed": "false", "data-at": at }, verdict(word), " ", make("b"));
    button.addEventListener("click", () => toggle(place, word));
    return make("li", {}, button);
  }));
}

function toggle(place, word) {
  const words = choice.chosen[place];
  if (!words.delete(word)) words.add(word);
  changed();
}

let shown = null; // of the last drawing: what asked() gave
let shownByApi = false;

function changed() {
  draw();
  writeAddress();
}

function draw() {
  shown = asked();
  drawChoice();
  drawMatrix();
}

function drawChoice() {
  const { chosen, numbers } = shown;
  byId("words").value = document.activeElement === byId("words") ? byId("words").value : choice.words;
  for (const details of document.querySelectorAll(".menu")) {
    const place = Number(details.dataset.place);
    const picked = choice.chosen[place];
    const [first] = picked;
    details.querySelector(".picked").textContent = picked.size > 1 ? `${picked.size} of ${FILTERS[place].values.length}` : first || "";
    details.toggleAttribute("data-picked", picked.size > 0);
    for (const item of details.querySelectorAll("li")) {
      const word = FILTERS[place].values[Number(item.dataset.at)];
      const number = numbers[place][Number(item.dataset.at)];
      item.querySelector("input").checked = picked.has(word);
      item.querySelector(".number").textContent = number.toLocaleString("en");
      item.toggleAttribute("data-none", number === 0);
    }
  }
  const place = FILTERS.findIndex((filter) => filter.name === "verdict");
  for (const button of document.querySelectorAll("#verdicts button")) {
    const at = Number(button.dataset.at);
    button.setAttribute("aria-pressed", choice.chosen[place].has(FILTERS[place].values[at]));
    button.querySelector("b").textContent = numbers[place][at].toLocaleString("en");
    button.toggleAttribute("data-none", numbers[place][at] === 0);
  }
  const all = make("button", { type: "button", class: "link", id: "list" }, "list them");
  all.addEventListener("click", () => open({ from: "", to: "" }));
  const narrowed = chosen.length < cells.length;
  const failed = chosen.filter((cell) => cell.said.failed).length;
  const said = `${narrowed ? `${chosen.length.toLocaleString("en")} of ${count(cells.length, "cell")}` : count(cells.length, "cell")}${failed ? ` (${failed.toLocaleString("en")} failed)` : ""}`;
  byId("chosen").replaceChildren(said, ...(chosen.length ? [make("span", { class: "listing" }, ": ", all)] : []));
  byId("clear").hidden = !narrowed && !choice.words;
}

function drawMatrix() {
  const detailed = axesOf(shown.axes, true);
  const places = detailed.rows.length * detailed.columns.length;
  const possible = places <= raw.manyPlaces;
  shownByApi = possible && (choice.byApi === null ? suits(detailed) : choice.byApi);
  const button = byId("by-api");
  button.textContent = shownByApi ? "By runtime" : "By API too";
  button.disabled = !possible;
  button.title = possible ? "" : `${places.toLocaleString("en")} places are too many for a picture: choose a model, saver or loader`;
  picture.draw(shownByApi ? detailed : axesOf(shown.axes, false), shown.chosen, shownByApi);
}

// What is open

const picture = new Picture(byId("picture") || make("div"), (place) => open(place));

function open(place) {
  choice.open = place;
  choice.cell = null;
  const list = listOf(place);
  if (!list.length) {
    choice.open = null;
    tell("No cell there");
  } else if (list.length === 1) {
    choice.cell = list[0].id;
  }
  writeAddress();
  drawOpen();
}

function listOf({ from, to }) {
  return shown.chosen.filter((cell) =>
    (!from || rowKey(cell, shownByApi) === from) && (!to || columnKey(cell, shownByApi) === to));
}

function drawOpen() {
  const cell = choice.cell && cellsById.get(choice.cell);
  const list = choice.open ? listOf(choice.open) : [];
  if (cell) {
    showCell(cell, list.length > 1 ? { number: list.length, go: () => open(choice.open) } : null);
  } else if (list.length) {
    showList(list, titleOf(choice.open), (each) => {
      choice.cell = each.id;
      writeAddress();
      drawOpen();
    });
  } else if (byId("drawer").open) {
    byId("drawer").close();
  }
}

function titleOf({ from, to }) {
  const saved = from ? `Saved by ${from}` : "";
  const loaded = to === SAVES ? "the saves themselves" : to ? `loaded by ${to}` : "";
  const said = [saved, loaded].filter(Boolean).join(", ") || "The cells that are chosen";
  return said[0].toUpperCase() + said.slice(1);
}

function startDrawer() {
  const drawer = byId("drawer");
  drawer.addEventListener("close", () => {
    choice.open = null;
    choice.cell = null;
    writeAddress();
    picture.focus();
  });
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close(); // beside it
  });
}

function startKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, dialog");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      byId("words").focus();
      byId("words").select();
    } else if (event.key === "Escape" && event.target === byId("words")) {
      choice.words = "";
      byId("words").value = "";
      changed();
      picture.focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const details of document.querySelectorAll(".menu[open]")) {
      if (!details.contains(event.target)) details.open = false;
    }
  });
}

// A link to a part of the page leaves the address to what is chosen.
function startParts() {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      const part = document.querySelector(link.getAttribute("href"));
      event.preventDefault();
      part.tabIndex = -1;
      part.focus({ preventScroll: true });
      part.scrollIntoView();
    });
  }
}

function startCauses() {
  const place = FILTERS.findIndex((filter) => filter.name === "cause");
  for (const button of document.querySelectorAll("[data-cause]")) {
    button.addEventListener("click", () => {
      choice.chosen.forEach((words) => words.clear());
      choice.words = "";
      if (FILTERS[place].values.includes(button.dataset.cause)) choice.chosen[place].add(button.dataset.cause);
      changed();
      byId("matrix").scrollIntoView();
      picture.focus();
    });
  }
}

function start() {
  startTheme();
  for (const box of document.querySelectorAll(".command")) addCopying(box, "Copy the command");
  // What is folded up is printed too.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("main details:not(.menu):not([open])")) {
      details.open = true;
      details.dataset.printed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details[data-printed]")) {
      details.open = false;
      delete details.dataset.printed;
    }
  });
  startParts();
  if (!cells.length) return;
  readAddress();
  buildChoice();
  buildVerdicts();
  startDrawer();
  startKeys();
  startCauses();
  draw();
  drawOpen();
  addEventListener("hashchange", () => {
    readAddress();
    draw();
    drawOpen();
  });
}

start();
