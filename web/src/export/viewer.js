/**
 * Runs inside an exported file, beside plotly.js: builds the page from the data in `#data` and
 * draws each figure when it comes into sight.
 */
(() => {
  const { runs, parts, left } = JSON.parse(document.getElementById('data').textContent);
  const page = document.getElementById('page');

  const add = (parent, tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    parent.append(element);
    return element;
  };
  const short = (value) =>
    typeof value === 'number' ? String(Number(value.toPrecision(6))) : JSON.stringify(value);

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        const { data, layout } = target.figure;
        window.Plotly.newPlot(target, data, layout, { responsive: true, displaylogo: false });
      }
    },
    { rootMargin: '300px' },
  );

  const addItem = (parent, title, { kind, url, caption, columns, rows }) => {
    const item = add(parent, 'div', undefined, kind);
    if (kind === 'table') {
      const table = add(item, 'table');
      const head = add(table, 'tr');
      for (const column of columns) add(head, 'th', String(column));
      for (const row of rows) {
        const line = add(table, 'tr');
        for (const value of row) add(line, 'td', typeof value === 'string' ? value : short(value));
      }
      item.tabIndex = 0; // it scrolls
    } else {
      const shown = add(item, kind === 'image' ? 'img' : 'audio');
      shown.src = url;
      if (kind === 'image') shown.alt = caption || title;
      else shown.controls = true;
    }
    if (caption) add(item, 'span', caption);
  };

  /** Each run's last value up to the chosen step. */
  const addMedia = (panel, title, entries) => {
    const steps = [...new Set(entries.map(({ step }) => step))];
    const slider = add(panel, 'input');
    const told = add(panel, 'output');
    const box = add(panel, 'div', undefined, 'media');
    const show = () => {
      const chosen = steps[slider.valueAsNumber];
      told.textContent = `step ${chosen}`;
      box.replaceChildren();
      const latest = new Map();
      for (const entry of entries) if (entry.step <= chosen) latest.set(entry.of, entry);
      for (const { run, items } of latest.values()) {
        if (runs.length > 1 || latest.size > 1) add(box, 'h3', run);
        for (const item of items) addItem(box, title, item);
      }
    };
    slider.type = 'range';
    slider.max = steps.length - 1;
    slider.value = steps.length - 1;
    slider.hidden = steps.length === 1;
    slider.setAttribute('aria-label', `Step of ${title}`);
    slider.addEventListener('input', show);
    show();
  };

  for (const { name, panels } of parts) {
    const section = add(page, 'section');
    add(section, 'h2', name);
    const grid = add(section, 'div', undefined, 'grid');
    for (const { kind, title, data, layout, steps, html } of panels) {
      const panel = add(grid, 'figure');
      add(panel, 'figcaption', title);
      if (kind === 'media') {
        addMedia(panel, title, steps);
        continue;
      }
      if (kind === 'text') {
        // made by components of the dashboard, which take nothing for HTML
        add(panel, 'div', undefined, 'text').innerHTML = html;
        continue;
      }
      const plot = add(panel, 'div', undefined, 'plot');
      plot.figure = { data, layout };
      watcher.observe(plot);
    }
  }
  if (left.length > 0) add(page, 'p', `Not in this file: ${left.join('; ')}.`, 'left');

  const section = add(page, 'section');
  add(section, 'h2', 'Runs');
  for (const run of runs) {
    const details = add(section, 'details');
    add(details, 'summary', `${run.name} (${run.state})`);
    for (const part of ['config', 'summary']) {
      add(details, 'h3', part);
      const table = add(details, 'table');
      for (const [key, value] of Object.entries(run[part])) {
        const row = add(table, 'tr');
        add(row, 'th', key);
        add(row, 'td', short(value));
      }
    }
  }
})();
