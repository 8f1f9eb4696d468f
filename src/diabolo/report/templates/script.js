// The page says all without this script; it adds the switch of light and dark, and zoom and read-out of the charts.
(() => {
  "use strict";
  const root = document.documentElement;
  document.body.classList.add("scripted");

  // Light and dark: the reader's choice, kept where the browser lets a page keep anything.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  try { const kept = localStorage.getItem("diabolo-theme"); if (kept === "dark" || kept === "light") root.dataset.theme = kept; } catch {}
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("diabolo-theme", root.dataset.theme); } catch {}
    name();
  });
  system.addEventListener("change", name);
  name();

  // Details are opened for printing, and closed again.
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details:not([open])")]; opened.forEach((one) => { one.open = true; }); });
  addEventListener("afterprint", () => { opened.forEach((one) => { one.open = false; }); });

  const make = (kind, attributes, content) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (content !== undefined) made.textContent = content;
    return made;
  };
  const short = (value) => String(Number(value.toPrecision(6)));

  const ticks = (low, high, whole) => {
    const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw));
    let step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= raw * (1 - 1e-9)) || 10 * power;
    if (whole) step = Math.max(1, Math.ceil(step));
    const found = [];
    for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) found.push(index * step);
    return found;
  };
  const logTicks = (low, high) => {
    if (high / low < 4) return ticks(low, high);
    const factors = high / low > 1000 ? [1] : [1, 2, 5], found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const factor of factors) { const value = factor * 10 ** power; if (value >= low && value <= high) found.push(value); }
    return found;
  };
  const apart = (wanted, step, low, high) => {
    const places = wanted.map((place) => Math.min(Math.max(place, low), high));
    for (let index = 1; index < places.length; index++) places[index] = Math.max(places[index], places[index - 1] + step);
    if (places.length) places[places.length - 1] = Math.min(places[places.length - 1], Math.max(high, low + step * (places.length - 1)));
    for (let index = places.length - 2; index >= 0; index--) places[index] = Math.min(places[index], places[index + 1] - step);
    return places;
  };

  for (const svg of document.querySelectorAll("svg[data-zoom]")) zoomable(svg);

  function zoomable(svg) {
    const numbers = (key) => svg.dataset[key].split(" ").map(Number);
    const [left, top, right, bottom] = numbers("plot"), [x0, x1] = numbers("x"), [y0, y1] = numbers("y");
    const isLog = Boolean(svg.dataset.log), whole = Boolean(svg.dataset.whole);
    const data = svg.querySelector(".data"), ticksOf = svg.querySelector(".ticks"), endsOf = svg.querySelector(".ends");
    const paths = [...data.querySelectorAll("path")].map((path) => ({ path, d: path.getAttribute("d") }));
    const texts = [...data.querySelectorAll("text")].map((text) => ({ text, y: Number(text.getAttribute("y")) }));
    const points = new Map();
    for (const { path, d } of paths)
      if (!path.classList.contains("floor"))
        points.set(path.dataset.curve || path, [...d.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map((pair) => [Number(pair[1]), Number(pair[2])]));
    const before = { ticks: [...ticksOf.childNodes], ends: [...endsOf.childNodes] };
    const figure = svg.closest(".plot"), output = figure.querySelector("output"), table = figure.parentElement.querySelector("table");
    const valueX = (u) => x0 + (u - left) / (right - left) * (x1 - x0);
    const placeX = (value) => left + (value - x0) / (x1 - x0) * (right - left);
    const valueY = (v) => {
      const share = (bottom - v) / (bottom - top);
      return isLog ? Math.exp(Math.log(y0) + share * (Math.log(y1) - Math.log(y0))) : y0 + share * (y1 - y0);
    };
    const placeY = (value) => {
      const share = isLog ? (Math.log(value) - Math.log(y0)) / (Math.log(y1) - Math.log(y0)) : (value - y0) / (y1 - y0);
      return bottom - share * (bottom - top);
    };
    // What is seen, in the user units of the drawing as it was made.
    let view = { left, right, top, bottom };
    const atX = (u) => left + (u - view.left) / (view.right - view.left) * (right - left);
    const atY = (v) => top + (v - view.top) / (view.bottom - view.top) * (bottom - top);

    // An epoch in view, and the height that the curves take there.
    const show = (from, to) => {
      const least = (right - left) / Math.max(1, x1 - x0) * (whole ? 2 : 0.01);
      from = Math.max(left, from); to = Math.min(right, to);
      if (to - from < least) { const middle = (from + to) / 2; from = Math.max(left, Math.min(middle - least / 2, right - least)); to = Math.min(right, from + least); }
      if (from <= left + 0.01 && to >= right - 0.01) view = { left, right, top, bottom };
      else {
        const seen = [...points.values()].flat().filter(([u]) => u >= from - 0.5 && u <= to + 0.5).map(([, v]) => v);
        const high = seen.length ? Math.min(...seen) : top, low = seen.length ? Math.max(...seen) : bottom, room = Math.max(low - high, 0.05) * 0.08;
        view = { left: from, right: to, top: high - room, bottom: low + room };
      }
      draw();
    };
    const draw = () => {
      const isWhole = view.left === left && view.right === right;
      for (const { path, d } of paths)
        path.setAttribute("d", isWhole ? d : d.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, u, v) => `${(path.classList.contains("floor") ? Number(u) : atX(Number(u))).toFixed(2)} ${atY(Number(v)).toFixed(2)}`));
      for (const { text, y } of texts) text.setAttribute("y", isWhole ? y : atY(y - 12) + 12);
      if (isWhole) { ticksOf.replaceChildren(...before.ticks); endsOf.replaceChildren(...before.ends); return; }
      const made = [];
      for (const value of ticks(valueX(view.left), valueX(view.right), whole)) {
        const u = atX(placeX(value));
        made.push(make("path", { d: `M${u} ${top}V${bottom}`, class: "grid" }), make("text", { x: u, y: bottom + 16, "text-anchor": "middle", class: "tick" }, short(value)));
      }
      for (const value of (isLog ? logTicks : ticks)(valueY(view.bottom), valueY(view.top))) {
        const v = atY(placeY(value));
        made.push(make("path", { d: `M${left} ${v}H${right}`, class: "grid" }), make("text", { x: left - 6, y: v + 4, "text-anchor": "end", class: "tick" }, short(value)));
      }
      ticksOf.replaceChildren(...made);
      const ends = before.ends.filter((one) => one.nodeName === "text").map((text) => {
        const seen = (points.get(text.dataset.curve) || []).filter(([u]) => u <= view.right + 0.5);
        const last = seen[seen.length - 1];
        return last && { text, u: Math.min(atX(last[0]), right), v: Math.min(Math.max(atY(last[1]), top), bottom) };
      }).filter(Boolean).sort((one, other) => one.v - other.v);
      const places = apart(ends.map((end) => end.v), 14, top + 4, bottom);
      endsOf.replaceChildren(...ends.flatMap((end, index) => {
        const text = end.text.cloneNode(true), style = [...end.text.classList].find((one) => /^s\d/.test(one));
        text.setAttribute("y", places[index] + 4);
        return [make("path", { d: `M${Math.max(end.u + 2, right + 2)} ${end.v}L${right + 11} ${places[index]}`, class: `hair ${style}` }), text];
      }));
    };

    // Read-out: the rows of the table.
    const rows = table ? [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim())) : [];
    const heads = table ? [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim()) : [];
    const cursor = make("path", { class: "cursor", visibility: "hidden" });
    svg.append(cursor);
    let at = -1;
    const read = (index) => {
      if (!rows.length) return;
      at = Math.max(0, Math.min(rows.length - 1, index));
      const u = atX(placeX(Number(rows[at][0])));
      cursor.setAttribute("d", `M${u} ${top}V${bottom}`);
      cursor.setAttribute("visibility", u < left - 1 || u > right + 1 ? "hidden" : "visible");
      output.textContent = `epoch ${rows[at][0]}: ` + rows[at].slice(1).map((value, index) => `${heads[index + 1]} ${value}`).join(" · ");
    };
    const nearest = (u) => {
      const epoch = valueX(view.left + (u - left) / (right - left) * (view.right - view.left));
      let best = 0;
      rows.forEach((row, index) => { if (Math.abs(Number(row[0]) - epoch) < Math.abs(Number(rows[best][0]) - epoch)) best = index; });
      return best;
    };
    const where = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
    const clamp = (u) => Math.max(left, Math.min(right, u));

    let from = null;
    const selection = make("rect", { class: "select", y: top, height: bottom - top, visibility: "hidden" });
    svg.append(selection);
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button) return;
      from = clamp(where(event));
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      const u = clamp(where(event));
      if (from === null) { read(nearest(u)); return; }
      selection.setAttribute("x", Math.min(from, u));
      selection.setAttribute("width", Math.abs(u - from));
      selection.setAttribute("visibility", "visible");
    });
    svg.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const u = clamp(where(event)), back = (one) => view.left + (one - left) / (right - left) * (view.right - view.left);
      if (Math.abs(u - from) > 5) show(back(Math.min(from, u)), back(Math.max(from, u)));
      from = null;
      selection.setAttribute("visibility", "hidden");
    });
    svg.addEventListener("pointercancel", () => { from = null; selection.setAttribute("visibility", "hidden"); });
    svg.addEventListener("dblclick", () => show(left, right));

    // Nearer means towards the end of training, where curves meet, or around the epoch that is read.
    const zoom = (factor) => {
      const width = (view.right - view.left) * factor;
      const seen = at >= 0 ? placeX(Number(rows[at][0])) : view.right;
      const middle = seen >= view.left && seen <= view.right ? seen : view.right;
      const to = Math.min(right, Math.max(left + width, middle + width / 2));
      show(to - width, to);
      if (at >= 0) read(at);
    };
    const act = { in: () => zoom(0.5), out: () => zoom(2), all: () => show(left, right) };
    for (const one of figure.querySelectorAll("button[data-act]")) one.addEventListener("click", () => act[one.dataset.act]());
    figure.tabIndex = 0;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", `${svg.querySelector("title").textContent}: arrow keys read the values, plus and minus zoom, 0 shows all`);
    figure.addEventListener("keydown", (event) => {
      if (event.target !== figure || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = { ArrowRight: () => read(at + 1), ArrowLeft: () => read(at < 0 ? rows.length - 1 : at - 1), Home: () => read(0), End: () => read(rows.length - 1), "+": act.in, "=": act.in, "-": act.out, "0": act.all };
      if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
    });
  }
})();
