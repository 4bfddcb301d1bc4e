// The matrix, drawn for the cells that are chosen by the rules of picture.py, and moved in by keys.

const SAVES = "save"; // the column of the saves themselves

// A folder has a line of its own, whether APIs are crossed or not.
function rowKey(cell, byApi) {
  return byApi || cell.said.writers ? `${cell.save_runtime} ${cell.down}` : cell.save_runtime;
}

function columnKey(cell, byApi) {
  if (!cell.load) return SAVES;
  return byApi ? `${cell.load_runtime} ${cell.load}` : cell.load_runtime;
}

// Heads in order, by their keys: {key, runtime, api}.
function heads(list, keyOf, runtimeOf, apiOf, runtimes, apis) {
  const found = new Map();
  for (const cell of list) {
    const key = keyOf(cell);
    if (!found.has(key)) found.set(key, { key, runtime: runtimeOf(cell), api: apiOf(cell) });
  }
  const place = (head) => [runtimes.indexOf(head.runtime), apis.indexOf(head.api)];
  return [...found.values()].sort((one, other) => {
    const [a, b] = [place(one), place(other)];
    return a[0] - b[0] || a[1] - b[1];
  });
}

function axesOf(list, byApi) {
  const { order } = raw;
  const rows = heads(list, (cell) => rowKey(cell, byApi), (cell) => cell.save_runtime,
    (cell) => (byApi || cell.said.writers ? cell.down : ""), order.save_runtime, order.down);
  const columns = heads(list, (cell) => columnKey(cell, byApi), (cell) => cell.load_runtime,
    (cell) => (byApi ? cell.load : ""), order.load_runtime, order.load);
  return { rows, columns };
}

// As picture.py decides: few pairs of runtimes are crossed with their APIs.
function suits(axes) {
  const loads = cells.filter((cell) => cell.load);
  const pairs = new Set(loads.filter((cell) => !cell.said.writers).map((cell) => `${cell.save_runtime} ${cell.load_runtime}`));
  const releases = new Set(loads.filter((cell) => cell.said.writers).map((cell) => cell.load_runtime));
  return loads.length > 0 && pairs.size <= 9 && releases.size <= 3 && axes.rows.length * axes.columns.length <= raw.manyPlaces;
}

// What the cells of a place say together: see place_of in picture.py.
function placeOf(list) {
  const there = list.filter((cell) => cell.said.verdict !== "absent");
  const questioned = there.filter((cell) => cell.said.asked);
  const of = questioned.length ? questioned : there.length ? there : list;
  const numbers = new Map();
  for (const cell of of) numbers.set(cell.said.verdict, (numbers.get(cell.said.verdict) || 0) + 1);
  const same = numbers.get("same") || 0;
  const uniform = numbers.size === 1;
  const failed = list.filter((cell) => cell.said.failed).length;
  const contradicting = list.filter((cell) => cell.said.contradiction).length;
  const told = [...numbers].sort((a, b) => b[1] - a[1]).map(([word, number]) => `${number} ${word}`);
  if (list.length > of.length) told.push(`${list.length - of.length} not asked`);
  if (failed) told.push(`${failed} failed`);
  if (contradicting) told.push(count(contradicting, "contradiction"));
  return {
    look: uniform ? [...numbers.keys()][0] : "mixed",
    text: uniform ? (of.length > 1 ? String(of.length) : "") : `${same}/${of.length}`,
    failed,
    share: failed / list.length,
    contradiction: contradicting > 0,
    said: told.join(", "),
    numbers,
  };
}

class Picture {
  constructor(box, onOpen) {
    this.box = box;
    this.onOpen = onOpen;
    this.drawn = "";
    this.at = { row: 0, column: 0 }; // where the keys are; -1 is the heads
    box.addEventListener("click", (event) => {
      const cell = event.target.closest("[data-row]");
      if (!cell) return;
      this.moveTo(Number(cell.dataset.row), Number(cell.dataset.column));
      this.open();
    });
    box.addEventListener("keydown", (event) => this.key(event));
  }

  draw(axes, chosen, byApi) {
    this.axes = axes;
    const shape = JSON.stringify([byApi, axes.rows.map((head) => head.key), axes.columns.map((head) => head.key)]);
    if (shape !== this.drawn) {
      this.build(axes, byApi);
      this.drawn = shape;
    }
    const rows = new Map(axes.rows.map((head, place) => [head.key, place]));
    const columns = new Map(axes.columns.map((head, place) => [head.key, place]));
    const lists = this.places.map((line) => line.map(() => []));
    for (const cell of chosen) {
      lists[rows.get(rowKey(cell, byApi))][columns.get(columnKey(cell, byApi))].push(cell);
    }
    lists.forEach((line, row) => line.forEach((list, column) => this.fill(row, column, list)));
  }

  build(axes, byApi) {
    this.places = axes.rows.map(() => []);
    const table = make("table", {
      role: "grid", "aria-label": "Saved by, down, crossed with loaded by, across",
      "aria-rowcount": axes.rows.length + 1, "aria-colcount": axes.columns.length + 1,
    });
    const top = make("tr", {}, make("th", { class: "corner", scope: "col" }, "loaded by →", make("br"), "saved by ↓"));
    axes.columns.forEach((head, column) => top.append(this.head(head, "col", -1, column, axes.columns[column - 1])));
    const body = make("tbody");
    axes.rows.forEach((head, row) => {
      const line = make("tr", {}, this.head(head, "row", row, -1, axes.rows[row - 1]));
      if (row && head.runtime !== axes.rows[row - 1].runtime) line.className = "begins";
      axes.columns.forEach((across, column) => {
        const own = across.runtime === head.runtime ? "own" : "";
        const begins = column && across.runtime !== axes.columns[column - 1].runtime ? "begins" : "";
        const place = make("td", {
          role: "gridcell", tabindex: "-1", class: `${own} ${begins}`.trim() || null,
          "data-row": row, "data-column": column,
        });
        this.places[row].push(place);
        line.append(place);
      });
      body.append(line);
    });
    table.append(make("thead", {}, top), body);
    table.classList.toggle("by-api", byApi);
    this.box.replaceChildren(table);
    this.at = { row: Math.min(this.at.row, axes.rows.length - 1), column: Math.min(this.at.column, axes.columns.length - 1) };
    const first = this.element(this.at.row, this.at.column);
    if (first) first.tabIndex = 0;
  }

  // A runtime is named where it begins; where APIs are crossed too, each has its own.
  head(head, scope, row, column, before) {
    const named = head.runtime ? runtime(head.runtime) : [SAVES];
    const again = before && before.runtime === head.runtime;
    return make("th", {
      scope, role: `${scope === "col" ? "column" : "row"}header`, tabindex: "-1", "data-row": row, "data-column": column,
      class: scope === "col" && before && !again ? "begins" : null,
      "aria-label": `${head.runtime || SAVES} ${head.api}`.trim(),
    }, make("span", { class: again && head.api ? "release again" : "release" }, named), head.api ? make("span", { class: "api" }, head.api) : null);
  }

  fill(row, column, list) {
    const place = this.places[row][column];
    const { rows, columns } = this.axes;
    const from = `${rows[row].api} ${rows[row].runtime}`.trim();
    const to = columns[column].runtime ? `, loaded by ${`${columns[column].api} ${columns[column].runtime}`.trim()}` : "";
    if (!list.length) {
      if (!place.firstChild && place.title) return;
      place.replaceChildren();
      for (const name of ["look", "failed", "contradiction"]) delete place.dataset[name];
      place.title = `Saved by ${from}${to}: no cell`;
      place.setAttribute("aria-label", place.title);
      return;
    }
    const says = placeOf(list);
    place.dataset.look = says.look;
    place.toggleAttribute("data-failed", says.failed > 0);
    place.style.setProperty("--share", says.share.toFixed(2));
    place.toggleAttribute("data-contradiction", says.contradiction);
    place.replaceChildren(...(says.look === "mixed" ? [] : [sign(says.look)]), says.text ? make("span", { class: "number" }, says.text) : "");
    if (says.look === "mixed") place.append(bar(says.numbers));
    place.title = `Saved by ${from}${to}: ${says.said}`;
    place.setAttribute("aria-label", place.title);
  }

  element(row, column) {
    return this.box.querySelector(`[data-row="${row}"][data-column="${column}"]`);
  }

  moveTo(row, column) {
    const before = this.element(this.at.row, this.at.column);
    const next = this.element(row, column);
    if (!next) return;
    if (before) before.tabIndex = -1;
    next.tabIndex = 0;
    this.at = { row, column };
    next.focus({ preventScroll: true });
    this.reveal(next);
  }

  // Into what is seen of the matrix: the heads stay in front of it.
  reveal(place) {
    const { box } = this;
    const corner = box.querySelector(".corner").getBoundingClientRect();
    const seen = box.getBoundingClientRect();
    const at = place.getBoundingClientRect();
    if (this.at.column >= 0) {
      if (at.left < corner.right) box.scrollLeft -= Math.ceil(corner.right - at.left);
      else if (at.right > seen.right) box.scrollLeft += Math.ceil(at.right - seen.right);
    }
    if (this.at.row >= 0) {
      if (at.top < corner.bottom) box.scrollTop -= Math.ceil(corner.bottom - at.top);
      else if (at.bottom > seen.bottom) box.scrollTop += Math.ceil(at.bottom - seen.bottom);
    }
    place.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  key(event) {
    if (!event.target.closest("[data-row]") || event.altKey || event.metaKey) return;
    const { row, column } = this.at;
    const [lastRow, lastColumn] = [this.axes.rows.length - 1, this.axes.columns.length - 1];
    const far = event.ctrlKey;
    const moves = {
      ArrowUp: [far ? 0 : Math.max(row - 1, column < 0 ? 0 : -1), column],
      ArrowDown: [far ? lastRow : Math.min(row + 1, lastRow), column],
      ArrowLeft: [row, far ? 0 : Math.max(column - 1, row < 0 ? 0 : -1)],
      ArrowRight: [row, far ? lastColumn : Math.min(column + 1, lastColumn)],
      Home: [far ? 0 : row, 0],
      End: [far ? lastRow : row, lastColumn],
      PageUp: [Math.max(row - 10, 0), column],
      PageDown: [Math.min(row + 10, lastRow), column],
    };
    if (event.key === "Enter" || event.key === " ") this.open();
    else if (moves[event.key]) this.moveTo(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  open() {
    const { row, column } = this.at;
    this.onOpen({ from: row < 0 ? "" : this.axes.rows[row].key, to: column < 0 ? "" : this.axes.columns[column].key });
  }

  focus() {
    const place = this.element(this.at.row, this.at.column);
    if (place) place.focus();
  }
}

// How many cells have which verdict, as a strip below the number.
function bar(numbers) {
  const all = [...numbers.values()].reduce((sum, number) => sum + number, 0);
  let from = 0;
  const strips = VERDICTS.filter((word) => numbers.has(word)).map((word) => {
    const to = from + (100 * numbers.get(word)) / all;
    const strip = `var(--${word.replace(/[ _]/, "-")}) ${from}% ${to}%`;
    from = to;
    return strip;
  });
  const element = make("span", { class: "bar" });
  element.style.backgroundImage = `linear-gradient(to right, ${strips.join(", ")})`;
  return element;
}
