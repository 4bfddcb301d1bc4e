// Measures of the matrix: whether all of it is seen, and what is too small or cut off.
const box = document.getElementById("picture");
const places = [...box.querySelectorAll("td")];
const sizes = places.map((place) => place.getBoundingClientRect());
const texts = [...box.querySelectorAll(".number")];
return {
  wide: box.scrollWidth <= box.clientWidth,
  high: box.scrollHeight <= box.clientHeight,
  page: document.documentElement.scrollWidth <= innerWidth,
  tiny: sizes.filter((size) => size.width < 40 || size.height < 24).length,
  cut: places.filter((place) => place.scrollWidth > place.clientWidth + 1).length,
  text: Math.min(...texts.map((text) => parseFloat(getComputedStyle(text).fontSize))),
};
