// Without any of this the page is whole: tables as listed, with all rows, and all examples.

// Sorting: a button in each heading, and a list to choose from where headings are hidden.
for (const table of document.querySelectorAll("table.models")) {
  const headings = [...table.tHead.rows[0].cells], body = table.tBodies[0], order = [...body.rows];
  const value = (row, column) => row.cells[column].dataset.value ?? "";
  const select = document.createElement("select");
  const sort = (column, way) => {
    const rows = [...order], sign = way === "descending" ? -1 : 1;
    if (way && column === 0) rows.sort((a, b) => a.cells[0].textContent.localeCompare(b.cells[0].textContent) * sign);
    else if (way) rows.sort((a, b) => {
      const [left, right] = [value(a, column), value(b, column)];
      if (left === "" || right === "") return (left === "") - (right === "");
      return (left - right) * sign;
    });
    body.append(...rows);
    table.classList.toggle("sorted", Boolean(way));
    for (const heading of headings) heading.removeAttribute("aria-sort");
    if (way) headings[column].setAttribute("aria-sort", way);
    select.value = way ? `${column} ${way}` : "";
  };
  select.add(new Option("as listed", ""));
  headings.forEach((heading, column) => {
    if (column && order.every((row) => value(row, column) === "")) return;
    const ways = column ? ["descending", "ascending"] : ["ascending", "descending"];
    const words = column ? ["highest first", "lowest first"] : ["A to Z", "Z to A"];
    ways.forEach((way, number) => select.add(new Option(`${heading.textContent}, ${words[number]}`, `${column} ${way}`)));
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(column, ways[ways.indexOf(heading.getAttribute("aria-sort")) + 1]));
    heading.append(button);
  });
  select.addEventListener("change", () => {
    const [column, way] = select.value.split(" ");
    sort(Number(column), way);
  });
  const label = document.createElement("label");
  label.className = "sort";
  label.append("Sort by ", select);
  table.parentElement.before(label);

  // On a phone, where each row is a card, the rivals are folded.
  const rivals = body.querySelectorAll(".baseline").length;
  if (!rivals) continue;
  const fold = document.createElement("button");
  fold.type = "button";
  fold.className = "fold";
  const show = (shown) => {
    table.classList.toggle("folded", !shown);
    fold.setAttribute("aria-expanded", shown);
    fold.textContent = `${shown ? "Hide" : "Show"} untrained rivals (${rivals})`;
  };
  fold.addEventListener("click", () => show(table.classList.contains("folded")));
  show(false);
  table.parentElement.after(fold);
}

// Choosing examples by task and by whether the models differ.
const filter = document.getElementById("filter");
if (filter) {
  const [task, differing, told] = filter.querySelectorAll("select, input, output");
  const pages = [...document.querySelectorAll(".example")];
  const choose = () => {
    const kept = pages.filter(({ dataset }) => (!task.value || task.value === dataset.task)
      && (!differing.checked || "differs" in dataset));
    for (const page of pages) page.hidden = !kept.includes(page);
    told.value = `${kept.length} of ${pages.length} pages`;
  };
  filter.addEventListener("change", choose);
  filter.hidden = false;
  choose();
}
