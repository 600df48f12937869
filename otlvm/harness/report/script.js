"use strict";

// Sorting: a press ascends, a second descends, a third restores the order of the suite.

function compare(one, two) {
  const numbers = [one, two].map((cell) => cell.dataset.number);
  const texts = [one, two].map((cell) => cell.dataset.text);
  if (numbers[0] !== undefined && numbers[1] !== undefined) return numbers[0] - numbers[1];
  if (texts[0] !== undefined && texts[1] !== undefined) {
    return texts[0].localeCompare(texts[1], "en", { numeric: true });
  }
  return numbers[0] !== undefined ? -1 : 1;
}

const known = (cell) => cell.dataset.number !== undefined || cell.dataset.text !== undefined;

function sortRows(rows, column, direction) {
  const cell = (row) => row.cells[column];
  const valued = rows.filter((row) => known(cell(row)));
  const without = rows.filter((row) => !known(cell(row)));
  const sign = direction === "ascending" ? 1 : -1;
  return [...valued.sort((a, b) => sign * compare(cell(a), cell(b))), ...without];
}

function makeSortable(table) {
  const bodies = [...table.tBodies].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => !row.classList.contains("group")),
  }));
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: null };
      const before = heading.getAttribute("aria-sort");
      const direction = before === null ? "ascending" : next[before];
      for (const other of headings) other.removeAttribute("aria-sort");
      if (direction) heading.setAttribute("aria-sort", direction);
      for (const { body, rows } of bodies) {
        body.append(...(direction ? sortRows([...rows], column, direction) : rows));
      }
    });
  });
}

// Filtering: what does not hold the text is hidden, and the number of what is left is announced.

function makeFilter(field, items, text, after) {
  const input = field.querySelector("input");
  const status = field.querySelector("[role=status]");
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const item of items) item.hidden = !text(item).toLowerCase().includes(wanted);
    const left = items.filter((item) => !item.hidden).length;
    status.textContent = wanted ? `${left} of ${items.length} shown` : "";
    if (after) after();
  });
  field.hidden = items.length < 2;
}

for (const part of document.querySelectorAll(".comparison")) {
  const table = part.querySelector("table");
  makeSortable(table);
  const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
  makeFilter(part.querySelector(".filter"), rows, (row) => row.cells[0].textContent, () => {
    for (const heading of table.querySelectorAll("tr.group")) {
      const body = heading.parentElement;
      heading.hidden = !body.querySelector("tr:not(.group):not([hidden])");
    }
  });
}

const runs = [...document.querySelectorAll("details.run")];
makeFilter(
  document.getElementById("filter-runs").closest(".filter"),
  runs,
  (run) => run.dataset.filter,
);

// Enlarging: a press shows a picture as large as the window allows, and never smaller than on the
// page. Escape, the button and a press on the picture or beside it close it again.

const large = document.createElement("dialog");
const frame = document.createElement("div");
const close = document.createElement("button");
const ROOM = 0.94; // of the window
const BAR = 60; // pixels, for the button
close.type = "button";
close.textContent = "Close";
frame.className = "frame";
frame.tabIndex = 0;
large.append(close, frame);
document.body.append(large);
large.addEventListener("click", (event) => {
  if (event.target !== frame || frame.scrollWidth <= frame.clientWidth) large.close();
});

function enlarge(picture) {
  const copies = [...picture.querySelectorAll("img")].map((image) => image.cloneNode());
  for (const image of copies) {
    const [width, height] = ["width", "height"].map((side) => Number(image.getAttribute(side)));
    const fit = Math.min((ROOM * innerWidth) / width, (ROOM * innerHeight - BAR) / height);
    image.loading = "eager";
    image.style.width = `${Math.round(width * Math.max(1, fit))}px`;
  }
  frame.replaceChildren(...copies);
  large.setAttribute("aria-label", copies[0].alt);
  large.showModal();
}

for (const picture of document.querySelectorAll(".picture")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "picture";
  button.title = "Enlarge";
  button.append(...picture.childNodes);
  picture.replaceWith(button);
  button.addEventListener("click", () => enlarge(button));
}

// Printing: everything is open on paper, and as it was afterwards.

let opened = [];

window.addEventListener("beforeprint", () => {
  opened = runs.filter((run) => !run.open);
  for (const run of opened) run.open = true;
});

window.addEventListener("afterprint", () => {
  for (const run of opened) run.open = false;
});

// Printing begins at once, and what has not loaded by then is missing on paper. Loading all of it
// little by little keeps the page quick to open.

const waiting = [...document.images];

function loadSome() {
  for (const image of waiting.splice(0, 20)) image.loading = "eager";
  if (waiting.length) setTimeout(loadSome, 50);
}

window.addEventListener("load", loadSome);
