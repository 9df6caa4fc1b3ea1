/* What the pages do more smoothly with scripts; each of these works without them too. */
"use strict";

/* A form is sent once, however often its button is pressed. */
document.addEventListener("submit", function (event) {
  var form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (!form.matches("[data-upload]")) {
    form.dataset.sent = "1";
    window.setTimeout(function () { delete form.dataset.sent; }, 4000);
  }
});

/* After a part of the page was exchanged, the heading is read out and has the focus. */
document.addEventListener("htmx:afterSwap", function (event) {
  if (event.detail.target && event.detail.target.id === "content") {
    var heading = document.querySelector("#content h1");
    if (heading) { heading.setAttribute("tabindex", "-1"); heading.focus(); }
  }
});

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
}

/* Upload: the digest of the file before it is sent, and progress while it is. */
var LARGEST_HASHED = 512 * 1024 * 1024;
document.addEventListener("change", function (event) {
  var field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "file" || !field.files.length) { return; }
  var form = field.form, file = field.files[0], shown = form.querySelector("[data-digest]");
  if (!shown || file.size > LARGEST_HASHED || !window.crypto.subtle) { return; }
  file.arrayBuffer().then(function (data) { return window.crypto.subtle.digest("SHA-256", data); }).then(function (made) {
    shown.textContent = "sha256:" + hex(made);
    form.elements.digest.value = "sha256:" + hex(made);
    form.querySelector("[data-digest-line]").hidden = false;
  });
});
document.addEventListener("submit", function (event) {
  var form = event.target;
  if (!form.matches("[data-upload]") || !window.FormData) { return; }
  event.preventDefault();
  var bar = form.querySelector("progress"), request = new XMLHttpRequest();
  bar.hidden = false;
  request.upload.addEventListener("progress", function (sent) {
    if (sent.lengthComputable) { bar.max = sent.total; bar.value = sent.loaded; }
  });
  request.addEventListener("load", function () {
    if (request.status < 400 && request.responseURL) { window.location.assign(request.responseURL); return; }
    var page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.getElementById("content").replaceChildren(...page.getElementById("content").childNodes);
    document.querySelector("#content h1").setAttribute("tabindex", "-1");
    document.querySelector("#content h1").focus();
  });
  request.addEventListener("error", function () { bar.hidden = true; form.querySelector("[data-failed]").hidden = false; });
  request.open("POST", form.action);
  request.send(new FormData(form));
});
