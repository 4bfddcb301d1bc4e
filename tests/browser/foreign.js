// What is on the page that the page itself does not make; empty where all is well.
const foreign = [];
if (typeof hacked !== "undefined" || {}.hacked) foreign.push("a script ran");
// The page's own: what comes before the first paint, the data, the rest.
const scripts = document.querySelectorAll("script").length;
if (scripts !== 3) foreign.push(`${scripts} scripts`);
for (const each of document.querySelectorAll("img, iframe, object, embed, base, link, video")) {
  foreign.push(each.outerHTML);
}
for (const each of document.querySelectorAll("*")) {
  for (const name of each.getAttributeNames()) {
    if (name.startsWith("on") || name === "formaction") foreign.push(`${each.tagName} ${name}`);
  }
}
for (const each of document.links) {
  if (!/^(file|https?):/.test(each.href)) foreign.push(each.href);
}
return foreign;
