#!/usr/bin/env node
const fs = require('fs');
let s = { day: 0, susceptible: 990, infected: 10, curve: [], seed: 7 };
try { s = JSON.parse(fs.readFileSync('epidemic.json', 'utf8')); } catch (e) { if (e.code !== 'ENOENT') throw e; }
const draw = () => (s.seed = (s.seed * 48271) % 2147483647) / 2147483647;
while (s.day < 30) {
  const fresh = Math.min(s.susceptible, Math.round(0.4 * s.infected * s.susceptible / 1000 * (0.8 + 0.4 * draw())));
  s.susceptible -= fresh;
  s.infected += fresh - Math.round(0.1 * s.infected);
  s.curve.push([++s.day, s.infected]);
  if (s.day % 12 === 0) {
    fs.writeFileSync('epidemic.tmp', JSON.stringify(s));
    fs.renameSync('epidemic.tmp', 'epidemic.json');
    process.exit(85);
  }
}
fs.writeFileSync('curve.csv', s.curve.map((row) => row.join(',')).join('\n') + '\n');
