/* Keys that press the buttons of a review, in the console and at the holder's desk. */
"use strict";

/* Review: J same person, K different persons, L later, U undo. Keys act only where no field is being written in. */
document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) { return; }
  var place = event.target;
  if (place instanceof Element && place.closest("input, textarea, select")) { return; }
  var button = document.querySelector('[data-key="' + CSS.escape(event.key.toLowerCase()) + '"]');
  if (button && !button.disabled) { event.preventDefault(); button.click(); }
});
