// Lists that are one stop of the Tab key: arrows, Home and End walk them, a letter jumps.

/** Let the keyboard walk the rows of a container; Tab reaches one of them. */
export function roving(container, selector) {
  container.addEventListener("focusin", ({ target }) => {
    const row = target.closest(selector);
    if (row !== null) stop(container, selector, row);
  });
  container.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...container.querySelectorAll(selector)];
    const at = rows.indexOf(event.target.closest(selector));
    if (at < 0) return;
    const to = target(rows, at, event.key);
    if (to === undefined) return;
    event.preventDefault();
    rows[to].focus();
  });
}

function target(rows, at, key) {
  if (key === "ArrowDown") return Math.min(at + 1, rows.length - 1);
  if (key === "ArrowUp") return Math.max(at - 1, 0);
  if (key === "Home") return 0;
  if (key === "End") return rows.length - 1;
  if ([...key].length !== 1 || key === " ") return undefined;
  const begins = (row) => row.textContent.trim().toLowerCase().startsWith(key.toLowerCase());
  for (let step = 1; step <= rows.length; step += 1) if (begins(rows[(at + step) % rows.length])) return (at + step) % rows.length;
  return undefined;
}

function stop(container, selector, row) {
  for (const other of container.querySelectorAll(`${selector}[tabindex="0"]`)) if (other !== row) other.tabIndex = -1;
  row.tabIndex = 0;
}

/** See that Tab reaches one row: the chosen one, that of before, or the first. */
export function settle(container, selector) {
  if (container.contains(document.activeElement)) return;
  const find = (which) => container.querySelector(`${selector}${which}`);
  const row = find("[aria-current]") || find('[tabindex="0"]') || find("");
  if (row !== null) stop(container, selector, row);
}
