// The matrix as a page, as a person uses it: sorts, filters, opens cells; in light and dark, with a script and without.
//   node page.mjs CHROMIUM PAGE.html FOLDER      saves its pictures in FOLDER
import {writeFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {openBrowser} from './browser.mjs';

const [program, file, folder] = process.argv.slice(2);
let failed = 0, checked = 0;
const expect = (claim, got, wanted) => {
    checked++;
    if (JSON.stringify(got) === JSON.stringify(wanted)) return;
    failed++;
    console.log(`page: ${claim}\n  exp: ${JSON.stringify(wanted)}\n  got: ${JSON.stringify(got)}`);
};

const {page, close} = await openBrowser(program);
const shoot = async name => writeFileSync(`${folder}/${name}.png`, await page.shoot());
const choose = (field, value) => page.tell(`(() => { const f = document.forms[0].elements[${JSON.stringify(field)}];
    f.value = ${JSON.stringify(value)}; f.dispatchEvent(new Event('input', {bubbles: true})); return f.value })()`);
const features = 'document.querySelectorAll("table.matrix")[1]';
const column = number => page.tell(`[...${features}.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[${number}].innerText.split('\\n')[0].replace(/[^ -~]+/g, '').trim())`);
const states = number => page.tell(`[...${features}.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[${number}].dataset.state)`);
const visibleRows = () => page.tell('[...document.querySelectorAll("table.matrix tbody tr")].filter(r => r.offsetParent).length');
const click = heading => page.tell(
    `[...${features}.tHead.rows[0].cells].find(c => c.textContent === ${JSON.stringify(heading)}).querySelector('button').click()`);

let fastest;
try {
    await page.go(pathToFileURL(file).href);
    // From asking for it to the script having run; the best of five, since the machine has other things to do.
    const ready = () => page.tell('performance.getEntriesByType("navigation")[0].domComplete');
    fastest = await ready();
    for (let more = 4; more > 0 && fastest >= 1000; more--) {
        await page.go(pathToFileURL(file).href);
        fastest = Math.min(fastest, await ready());
    }
    expect('usable within a second', fastest < 1000 || fastest, true);
    const rows = await visibleRows();
    expect('all rows are shown at first', rows > 40, true);
    await shoot('light');

    // Sorting: twice for the other way, a third time for the order of the file.
    const asWritten = await column(0), fold = list => list.map(text => text.toLowerCase());
    await click('feature');
    expect('sorted by name', fold(await column(0)), fold(asWritten).sort());
    await click('feature');
    expect('and the other way', fold(await column(0)), fold(asWritten).sort().reverse());
    await click('feature');
    expect('and as written', await column(0), asWritten);
    await click('VX');
    const order = ['full', 'beta', 'limited', 'disputed', 'unknown', 'disabled', 'ignored', 'none'];
    const got = await states(5);
    expect('sorted by state', got, [...got].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    await click('VX');
    await click('VX');

    // Filters.
    await choose('feature', 'search');
    expect('by feature', (await column(0)).every(name => /search/i.test(name)) && (await column(0)).length > 1, true);
    await choose('feature', '');
    await choose('platform', 'vertex');
    expect('by platform: its columns alone', await page.tell(`[...${features}.tHead.rows[0].cells].filter(c => !c.hidden).map(c => c.textContent)`), ['feature', 'VX']);
    await choose('state', 'disputed');
    expect('by state', [...new Set(await states(5))], ['disputed']);
    await choose('platform', '');
    await choose('state', '');
    await choose('age', '200');
    const old = await visibleRows();
    expect('by age: some and not all', old > 0 && old < rows, true);
    await choose('age', '');
    expect('none: all of them again', await visibleRows(), rows);

    // A cell opens its source.
    await page.click('#web_search details summary');
    expect('a cell opens its source and date', /source: .*as of \d{4}-\d\d-\d\d/s.test(await page.tell('document.querySelector("#web_search details[open] p").innerText')), true);
    await shoot('open');

    // Dark: another paper, and text that can be read on it (WCAG contrast of 4.5).
    const contrast = `(() => { const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return Math.min(...['body', 'td.full', 'td.none', 'td.disputed', 'dd'].map(q => light(getComputedStyle(document.querySelector(q)).color)).map(ink => (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05))) })()`;
    const paper = () => page.tell('getComputedStyle(document.body).backgroundColor');
    const light = await paper();
    expect('readable in light', await page.tell(`${contrast} >= 4.5 || ${contrast}`), true);
    await page.ask('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: 'dark'}]});
    expect('dark is another paper', light !== await paper(), true);
    expect('readable in dark', await page.tell(`${contrast} >= 4.5 || ${contrast}`), true);
    await page.tell('scrollTo(0, 0)');
    await shoot('dark');
    await page.ask('Emulation.setEmulatedMedia', {features: []});

    // A telephone: the table scrolls within itself, the page does not.
    await page.ask('Emulation.setDeviceMetricsOverride', {width: 390, height: 800, deviceScaleFactor: 1, mobile: true});
    expect('no wider than a telephone', await page.tell('document.documentElement.scrollWidth <= 390 || document.documentElement.scrollWidth'), true);
    await shoot('narrow');
    await page.ask('Emulation.clearDeviceMetricsOverride');

    // Without a script: everything is there, and nothing that would not work.
    await page.ask('Emulation.setScriptExecutionDisabled', {value: true});
    await page.go(pathToFileURL(file).href);
    expect('without a script: all rows', await visibleRows(), rows);
    expect('without a script: no filters', await page.tell('document.forms[0].offsetParent === null'), true);
    await page.click('#web_search details summary');
    expect('without a script: cells open', await page.tell('document.querySelector("#web_search details").open'), true);
    expect('nothing was complained of', page.faults, []);
} finally {
    await close();
}
console.log(`page: ${checked} claims, ${failed} do not hold; ready after ${Math.round(fastest)} ms`);
process.exit(failed > 0 ? 1 : 0);
