// The contrast between text and ground of a place of the matrix, as WCAG 2 counts it, for each
// verdict, not filled and filled: [[look, filled, ratio], ...]
const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function luminance(colour) {
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
    const part = byte / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const place = document.querySelector("#picture td[data-look]");
const looks = ["same", "drift", "differs", "refused", "crashed", "timeout", "env_error"];
return looks.flatMap((look) => [false, true].map((filled) => {
  place.dataset.look = look;
  place.toggleAttribute("data-failed", filled);
  const { color, backgroundColor } = getComputedStyle(place);
  return [look, filled, ratio(color, backgroundColor)];
}));
