// Elements. They are filled with text and never from markup: a model may be called <script>.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

// The drawing of a verdict, see signs.html.j2.
function sign(look) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "sign");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#sign-${look.replace(" ", "-")}`);
  svg.append(use);
  return svg;
}

function verdict(word) {
  return make("span", { class: "verdict", "data-look": word }, sign(word), word);
}

// 2.21+tf_keras, its second half on a line of its own: columns are narrow.
function runtime(name) {
  const at = name.indexOf("+");
  if (at < 0) return [name];
  return [name.slice(0, at), make("span", { class: "behavior" }, name.slice(at))];
}

function count(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

// A link only where an address leads to the web: a report could say javascript:.
function link(address) {
  if (!/^https?:\/\/\S+$/.test(address)) return address;
  return make("a", { href: address, rel: "noopener noreferrer" }, address);
}

// Said to people who hear the page.
function tell(text) {
  byId("told").textContent = text;
}

// A command or a text that somebody wants to take along.
function copyable(text, label) {
  const code = make("pre", { tabindex: "0" }, make("code", {}, text));
  const box = make("div", { class: "command" }, code);
  addCopying(box, label);
  return box;
}

function addCopying(box, label) {
  const pre = box.querySelector("pre");
  const button = make("button", { type: "button", class: "copy", "aria-label": label }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copied(pre.textContent, pre);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    tell(button.textContent);
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  box.append(button);
}

// Whether the text is in the clipboard; where it cannot be put there, it is left selected.
async function copied(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(shown);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
}
