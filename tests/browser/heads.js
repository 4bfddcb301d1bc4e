// Where the corner, a row's head and a column's head are.
const places = { corner: ".corner", row: '[data-row="5"][data-column="-1"]', column: '[data-row="-1"][data-column="5"]' };
return Object.fromEntries(Object.entries(places).map(([name, selector]) => {
  const at = document.querySelector(`#picture ${selector}`).getBoundingClientRect();
  return [name, { x: Math.round(at.x), y: Math.round(at.y) }];
}));
