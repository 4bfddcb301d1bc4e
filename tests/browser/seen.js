// Whether the place that has the focus is seen: below the heads, in the box, in the window.
const place = document.activeElement.getBoundingClientRect();
const corner = document.querySelector(".corner").getBoundingClientRect();
const box = document.getElementById("picture").getBoundingClientRect();
return place.left >= corner.right - 1 && place.top >= corner.bottom - 1
  && place.right <= box.right + 1 && place.bottom <= Math.min(box.bottom, innerHeight) + 1;
