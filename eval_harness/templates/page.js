// Sorting: a button in each heading, and a list to choose from where headings are hidden. Without it the table is whole.
for (const table of document.querySelectorAll("table.models")) {
  const headings = [...table.tHead.rows[0].cells], body = table.tBodies[0], order = [...body.rows];
  const value = (row, column) => row.cells[column].dataset.value ?? "";
  const sort = (column, down) => {
    const rows = [...order];
    if (column === 0) rows.sort((a, b) => a.cells[0].textContent.localeCompare(b.cells[0].textContent) * (down ? -1 : 1));
    else if (column > 0) rows.sort((a, b) => {
      const [left, right] = [value(a, column), value(b, column)];
      if (left === "" || right === "") return (left === "") - (right === "");
      return (left - right) * (down ? -1 : 1);
    });
    body.append(...rows);
    table.classList.toggle("sorted", column >= 0);
    headings.forEach((heading, number) => number === column
      ? heading.setAttribute("aria-sort", down ? "descending" : "ascending") : heading.removeAttribute("aria-sort"));
  };
  const select = document.createElement("select");
  select.add(new Option("as listed", -1));
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(column, heading.getAttribute("aria-sort") !== "descending" && column > 0
      || heading.getAttribute("aria-sort") === "ascending"));
    heading.append(button);
    select.add(new Option(heading.textContent, column));
  });
  select.addEventListener("change", () => sort(Number(select.value), Number(select.value) > 0));
  const label = document.createElement("label");
  label.className = "sort";
  label.append("Sort by ", select);
  table.parentElement.before(label);
}
