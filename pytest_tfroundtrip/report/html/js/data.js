// The rows, as data.py encoded them.

const VERDICTS = ["same", "drift", "differs", "refused", "crashed", "timeout", "unsaved", "absent", "env_error", "not run"];

function decoded(raw) {
  const cells = Array.from({ length: raw.count }, (_, place) => ({ place }));
  for (const [name, { values, at }] of Object.entries(raw.columns)) {
    cells.forEach((cell, place) => { cell[name] = values[at === null ? 0 : at[place]]; });
  }
  for (const cell of cells) {
    cell.said = raw.facts[cell.fact];
    cell.id = whole(cell.id, cell);
    // a folder's line is its own, and names who saved it again in the words of `saved`
    cell.down = cell.said.writers ? cell.model + cell.saved.slice(cell.save.length) : cell.saved;
  }
  return cells;
}

// What of an id and of a command follows from where the cell stands is not written out for each.
function whole(text, cell) {
  return text.replace("\0", () => {
    const again = cell.resave_runtime ? `-resave_${cell.resave_runtime}` : "";
    const load = cell.load ? `-to-${cell.load}_${cell.load_runtime}` : "";
    return `-${cell.save}_${cell.save_runtime}${again}${load}-${cell.operation}`;
  });
}

const raw = JSON.parse(byId("data").textContent);
const cells = decoded(raw);
const cellsById = new Map(cells.map((cell) => [cell.id, cell]));
