// What is chosen: by filters, by words, and what is open. It is kept in the address, so that a link
// shows another person the same.

const NONE = "–"; // what a cell has none of can be asked for, too

// The first `STRUCTURAL` say which rows and columns the matrix has; the others what is seen in it.
const STRUCTURAL = 4;
const FILTERS = [
  { name: "model", label: "Model", of: (cell) => cell.model },
  { name: "saver", label: "Saver", of: (cell) => cell.saved, order: "saved" },
  { name: "loader", label: "Loader", of: (cell) => cell.load || NONE, order: "load" },
  { name: "operation", label: "Operation", of: (cell) => cell.operation },
  { name: "verdict", label: "Verdict", of: (cell) => cell.said.verdict },
  { name: "outcome", label: "Outcome", of: (cell) => cell.said.outcome },
  { name: "promise", label: "Promise", of: (cell) => cell.said.promise },
  { name: "cause", label: "Cause", of: (cell) => cell.said.cause || NONE },
];

for (const filter of FILTERS) {
  const places = new Map((raw.order[filter.order || filter.name] || []).map((word, place) => [word, place]));
  const late = places.size;
  const seen = [...new Set(cells.map(filter.of))];
  const place = (word) => (places.has(word) ? places.get(word) : late);
  filter.values = seen.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const index = new Map(filter.values.map((word, at) => [word, at]));
  filter.at = Uint32Array.from(cells, (cell) => index.get(filter.of(cell)));
}

const choice = {
  chosen: FILTERS.map(() => new Set()), // of each filter the words; none: all
  words: "",
  byApi: null, // null: as suits the number of places
  open: null, // {from, to}: a place of the matrix; an empty one is its whole row or column
  cell: null, // an id
};

function readAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  FILTERS.forEach((filter, place) => {
    // A link may be of another report: what is not in this one is not asked for.
    choice.chosen[place] = new Set(told.getAll(filter.name).filter((word) => filter.values.includes(word)));
  });
  choice.words = told.get("q") || "";
  choice.byApi = told.has("by") ? told.get("by") === "api" : null;
  choice.open = told.has("from") || told.has("to") ? { from: told.get("from") || "", to: told.get("to") || "" } : null;
  choice.cell = cellsById.has(told.get("cell")) ? told.get("cell") : null;
}

function writeAddress() {
  const told = new URLSearchParams();
  FILTERS.forEach((filter, place) => {
    for (const word of choice.chosen[place]) told.append(filter.name, word);
  });
  if (choice.words) told.set("q", choice.words);
  if (choice.byApi !== null) told.set("by", choice.byApi ? "api" : "runtime");
  if (choice.open) {
    told.set("from", choice.open.from);
    told.set("to", choice.open.to);
  }
  if (choice.cell) told.set("cell", choice.cell);
  const hash = told.toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

// Words are looked for in what a cell is called and in what is said of it; all have to be there.
function worded(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return () => true;
  const facts = new Map(); // many cells say the same: it is searched once
  return (cell) => {
    if (!facts.has(cell.fact)) facts.set(cell.fact, spoken(cell.said));
    const said = facts.get(cell.fact);
    return words.every((word) => spokenName(cell).includes(word) || said.includes(word));
  };
}

function spokenName(cell) {
  cell.spoken ??= [cell.id, cell.model, cell.saved].join("\n").toLowerCase();
  return cell.spoken;
}

function spoken(said) {
  const texts = [said.verdict, said.outcome, said.promise, said.cause, said.why, said.remedy, said.thread,
    said.exception, said.message, said.note, said.statement, said.document, said.file];
  const more = [...(said.notes || []), ...(said.not_compared || []), ...(said.changes || []).flat()];
  return [...texts, ...more].filter(Boolean).join("\n").toLowerCase();
}

// What is chosen: the cells; those that the filters of the matrix' axes leave; and for each word of
// each filter how many cells there would be if it were chosen.
function asked() {
  const allowed = FILTERS.map((filter, place) =>
    Uint8Array.from(filter.values, (word) => (choice.chosen[place].size ? choice.chosen[place].has(word) : 1)));
  const numbers = FILTERS.map((filter) => new Uint32Array(filter.values.length));
  const matches = worded(choice.words);
  const chosen = [];
  const axes = [];
  cells.forEach((cell, at) => {
    let missed = -1;
    let misses = 0;
    let off = false;
    for (let place = 0; place < FILTERS.length; place++) {
      if (allowed[place][FILTERS[place].at[at]]) continue;
      missed = place;
      misses += 1;
      if (place < STRUCTURAL) off = true;
    }
    if (!off) axes.push(cell);
    if (misses > 1 || !matches(cell)) return;
    if (misses === 1) {
      numbers[missed][FILTERS[missed].at[at]] += 1;
      return;
    }
    chosen.push(cell);
    for (let place = 0; place < FILTERS.length; place++) numbers[place][FILTERS[place].at[at]] += 1;
  });
  return { chosen, axes, numbers };
}
