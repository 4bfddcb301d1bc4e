// Before the first paint: what needs a script is shown only where there is one, and the page has the
// colours that were chosen last time, without a flash of the others.
document.documentElement.dataset.script = "";
try {
  const theme = localStorage.getItem("tf-roundtrip-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // A file may have no storage: then the system's colours it is.
}
