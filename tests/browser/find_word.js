// In the menu of a filter, its head and the label of a word, for a mouse to click on.
const [label, word] = arguments;
const menu = [...document.querySelectorAll("#choice .menu")]
  .find((each) => each.querySelector("summary span").textContent === label);
const item = [...menu.querySelectorAll("label")]
  .find((each) => each.querySelector(".word").textContent === word);
return [menu.querySelector("summary"), item];
