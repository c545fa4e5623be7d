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

  for (const { name, figures } of parts) {
    const section = add(page, 'section');
    add(section, 'h2', name);
    const grid = add(section, 'div', undefined, 'grid');
    for (const { title, data, layout } of figures) {
      const panel = add(grid, 'figure');
      add(panel, 'figcaption', title);
      const plot = add(panel, 'div', undefined, 'plot');
      plot.figure = { data, layout };
      watcher.observe(plot);
    }
  }
  if (left.length > 0) add(page, 'p', `Not in this file: ${left.join(', ')}.`);

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
