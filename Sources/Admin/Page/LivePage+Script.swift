/// What the live page does: asks, compares with what it knew, draws. Values become text nodes and nothing else.
extension LivePage {
    static let scriptText = #"""
        'use strict';
        const period = 2000, kept = 150, rows = 100;
        const byId = id => document.getElementById(id);
        const open = new Set(), history = [];
        let paused = false, token = sessionStorage.getItem('token'), timer;

        function make(name, attributes, ...children) {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
          element.append(...children.filter(child => child != null));
          return element;
        }
        function show(id, ...children) { byId(id).replaceChildren(...children); }
        const none = text => make('div', { class: 'none' }, text);

        // Asking

        async function ask(path) {
          const headers = token ? { Authorization: 'Bearer ' + token } : {};
          const response = await fetch(path, { headers, cache: 'no-store' });
          if (response.status === 401) throw new Error('token');
          return response;
        }
        function parameters() {
          const query = new URLSearchParams({ limit: rows });
          for (const [name, value] of new FormData(byId('filter'))) if (value) query.set(name, value);
          return query;
        }
        async function refresh() {
          clearTimeout(timer);
          try {
            const [ready, metrics, causes, endpoints, sessions] = await Promise.all(
              ['readyz', 'metrics', 'api/causes', 'api/endpoints', 'api/sessions?' + parameters()].map(ask));
            byId('door').hidden = true;
            state(ready.ok, (await ready.text()).trim());
            tiles(read(await metrics.text()));
            const book = await causes.json();
            drawCauses(book.groups);
            drawPatterns(book.patterns);
            drawEndpoints((await endpoints.json()).clusters);
            drawSessions(sessions.ok ? await sessions.json() : { total: 0, sessions: [], fault: (await sessions.json()).error });
            byId('moment').textContent = new Date().toLocaleTimeString();
          } catch (error) {
            if (error.message === 'token') { byId('door').hidden = false; state(false, 'locked'); } else state(false, 'no answer');
          }
          if (!paused) timer = setTimeout(refresh, document.hidden ? period * 5 : period);
        }
        function state(good, text) {
          const pill = byId('state');
          pill.textContent = good ? 'takes sessions' : text;
          pill.className = 'pill ' + (good ? 'good' : 'bad');
        }

        // Metrics: sums of the samples of a family, and of those with certain labels.

        function read(text) {
          const samples = [];
          for (const line of text.split('\n')) {
            const parts = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
            if (parts) samples.push({ name: parts[1], labels: parts[2] || '', value: Number(parts[3]) });
          }
          const build = samples.find(each => each.name === 'gatehouse_build_info');
          if (build) byId('version').textContent = (/version="([^"]*)"/.exec(build.labels) || [])[1] || '';
          return (name, label = '') =>
            samples.filter(each => each.name === 'gatehouse_' + name && each.labels.includes(label)).reduce((sum, each) => sum + each.value, 0);
        }
        function tiles(metric) {
          const opened = metric('handshakes_total', 'outcome="opened"');
          const now = { at: Date.now(), sessions: metric('sessions_live'), opened, refused: metric('handshakes_total') - opened,
            up: metric('frames_total', 'client_to_server'), down: metric('frames_total', 'server_to_client'),
            memory: metric('memory_used_bytes'), limit: metric('memory_limit_bytes'), lost: metric('log_lines_lost_total') };
          history.push(now);
          if (history.length > kept) history.shift();
          const rates = key => history.slice(1).map((each, index) =>
            Math.max(0, each[key] - history[index][key]) * 1000 / Math.max(1, each.at - history[index].at));
          const last = list => list.length ? list[list.length - 1] : 0;
          const tile = (title, value, list, kind) => make('div', { class: 'tile' }, make('span', {}, title), make('b', { class: kind || '' }, value), line(list));
          const refusals = rates('refused');
          show('tiles',
            tile('open sessions', now.sessions.toLocaleString(), history.map(each => each.sessions)),
            tile('upgrades a second', number(last(rates('opened'))), rates('opened')),
            tile('refused, in all', now.refused.toLocaleString(), refusals, last(refusals) > 0 ? 'bad' : ''),
            tile('frames from clients a second', number(last(rates('up'))), rates('up')),
            tile('frames to clients a second', number(last(rates('down'))), rates('down')),
            tile(now.limit ? 'memory, of ' + bytes(now.limit) : 'memory', bytes(now.memory), history.map(each => each.memory),
              now.limit && now.memory > now.limit * 0.9 ? 'bad' : ''));
          if (now.lost) byId('tiles').append(tile('log lines lost', now.lost.toLocaleString(), [], 'bad'));
        }
        function line(values) {
          if (values.length < 2) return null;
          const space = 'http://www.w3.org/2000/svg';
          const drawing = document.createElementNS(space, 'svg'), path = document.createElementNS(space, 'polyline');
          const top = Math.max(...values, 1);
          drawing.setAttribute('viewBox', '0 0 100 20');
          drawing.setAttribute('preserveAspectRatio', 'none');
          drawing.setAttribute('aria-hidden', 'true');
          path.setAttribute('points', values.map((value, index) => `${index * 100 / (values.length - 1)},${19 - 18 * value / top}`).join(' '));
          drawing.append(path);
          return drawing;
        }
        const number = value => value >= 100 ? Math.round(value).toLocaleString() : value.toFixed(value && value < 10 ? 1 : 0);
        function bytes(value) {
          for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
            if (value < 1024 || unit === 'GiB') return (value >= 100 || unit === 'B' ? Math.round(value) : value.toFixed(1)) + ' ' + unit;
            value /= 1024;
          }
        }
        function span(milliseconds) {
          const seconds = milliseconds / 1000;
          if (seconds < 1) return Math.round(milliseconds) + ' ms';
          if (seconds < 120) return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
          if (seconds < 7200) return Math.round(seconds / 60) + ' min';
          return seconds < 172800 ? Math.round(seconds / 3600) + ' h' : Math.round(seconds / 86400) + ' days';
        }

        // Causes

        function drawCauses(groups) {
          if (!groups.length) return show('causes', none('No refusal and no bad end so far.'));
          show('causes', ...[...groups].sort((a, b) => b.last.localeCompare(a.last)).map(group => {
            const verdict = group.verdict, key = [group.cause, group.route, group.answered_by].join(' ');
            const box = make('details', open.has(key) ? { open: '' } : {},
              make('summary', {}, make('b', {}, group.count + ' ×'), (verdict.confidence === 'possible' ? 'Perhaps: ' : '') + verdict.title, ' ',
                make('span', {}, ['', group.cause, verdict.confidence, 'to blame: ' + verdict.blame, 'route ' + group.route,
                  'last ' + new Date(group.last).toLocaleTimeString()].join(' · '))),
              list([
                ['answered', group.answered_by],
                ['evidence', verdict.evidence.map(each => `${each.what}: ${each.observed}` + (each.expected ? ` (expected: ${each.expected})` : '')), 'evidence'],
                ['proof', verdict.probes.map(each => `${each.change} → ${each.outcome}`), 'evidence'],
                ['fix', verdict.fix],
                ['or else', verdict.alternatives.filter(each => each.confidence !== 'excluded').map(each => each.cause + ': ' + each.because)],
                ['sessions', group.examples.join(' '), 'evidence'],
              ]));
            box.addEventListener('toggle', () => box.open ? open.add(key) : open.delete(key));
            return box;
          }));
        }
        function list(entries) {
          const shown = entries.filter(([, value]) => value && value.length);
          return make('dl', {}, ...shown.flatMap(([name, value, kind]) => [
            make('dt', {}, name), make('dd', { class: kind || '' }, ...[].concat(value).map(text => make('p', {}, text)))]));
        }
        function drawPatterns(patterns) {
          if (!patterns.length) return show('patterns', none('None: sessions do not end after silences or ages of one length.'));
          show('patterns', ...patterns.map(each => make('div', { class: 'none' }, each.text)));
        }

        // Tables

        function table(columns, lines) {
          const cell = (name, kind, text) => make(name, { class: kind || '', title: String(text).length > 40 ? text : '' }, text);
          return make('div', { class: 'scroll' }, make('table', {},
            make('thead', {}, make('tr', {}, ...columns.map(([title, kind]) => cell('th', kind, title)))),
            make('tbody', {}, ...lines.map(values => make('tr', {}, ...values.map((value, index) => cell('td', columns[index][1], value ?? '')))))));
        }
        function drawEndpoints(clusters) {
          if (!clusters.length) return show('endpoints', none('One endpoint a cluster, without checks: nothing to choose between.'));
          show('endpoints', table([['cluster'], ['endpoint'], ['state'], ['failures', 'number'], ['seats', 'number'], ['waiting', 'number']],
            clusters.flatMap(cluster => cluster.endpoints.map((each, index) => [index ? '' : cluster.cluster, each.endpoint,
              each.state + (cluster.panic ? ', all in use: too few are fit' : ''), each.failures, each.seats, index ? '' : cluster.waiting]))));
        }
        function drawSessions(answer) {
          byId('shown').textContent = answer.total > answer.sessions.length ? `${answer.sessions.length} of ${answer.total.toLocaleString()}` : '';
          if (!answer.sessions.length) return show('sessions', none(answer.fault || 'No session is open.'));
          const round = side => side && side.rtt_last_ms != null ? span(side.rtt_last_ms) : '';
          show('sessions', table([['session', 'id'], ['client'], ['path', 'wide'], ['endpoint', 'wide'], ['age', 'number'], ['idle', 'number'],
            ['messages ↑', 'number'], ['messages ↓', 'number'], ['RTT client', 'number'], ['RTT backend', 'number']],
            answer.sessions.map(each => [each.id, each.forwarded_for || each.client, each.path, each.endpoint, span(each.age_ms), span(each.idle_ms),
              each.client_to_server.messages.toLocaleString(), each.server_to_client.messages.toLocaleString(),
              round(each.downstream_heartbeat), round(each.upstream_heartbeat)])));
        }

        byId('pause').addEventListener('click', () => {
          paused = !paused;
          byId('pause').textContent = paused ? 'Go on' : 'Pause';
          if (!paused) refresh();
        });
        byId('filter').addEventListener('input', refresh);
        byId('filter').addEventListener('submit', event => event.preventDefault());
        byId('door').addEventListener('submit', event => {
          event.preventDefault();
          token = byId('token').value;
          sessionStorage.setItem('token', token);
          refresh();
        });
        refresh();

        """#
}
