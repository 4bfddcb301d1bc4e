// Milliseconds from a word that is typed to what it leaves.
const done = arguments[0];
const words = document.getElementById("words");
words.value = "debug_name 2.15";
words.dispatchEvent(new Event("input"));
const start = performance.now();
new MutationObserver((_, watch) => {
  watch.disconnect();
  done(performance.now() - start);
}).observe(document.getElementById("chosen"), { childList: true });
