// A page in headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol): no package needed.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export async function openBrowser(program) {
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const child = spawn(program, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--remote-debugging-pipe', `--user-data-dir=${folder}`,
        '--window-size=1280,900', 'about:blank'], {stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe']});
    const waiting = new Map(), listeners = [], complaints = [];
    child.stderr.on('data', text => complaints.push(text));
    child.on('exit', code => { for (const {reject} of waiting.values())
        reject(new Error(`the browser ended with ${code}: ${complaints.join('').slice(-500)}`)); });
    let last = 0, rest = '';
    child.stdio[4].setEncoding('utf8').on('data', piece => {
        const messages = (rest + piece).split('\0');
        rest = messages.pop();
        for (const message of messages.map(text => JSON.parse(text))) {
            const {resolve, reject} = waiting.get(message.id) ?? {};
            waiting.delete(message.id);
            if (message.error) reject?.(new Error(JSON.stringify(message.error)));
            else if (message.id) resolve?.(message.result);
            else for (const listener of listeners) listener(message);
        }
    });
    const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
        waiting.set(++last, {resolve, reject});
        child.stdio[3].write(JSON.stringify({id: last, method, params, sessionId}) + '\0');
    });
    const close = async () => {
        const ended = new Promise(resolve => child.on('exit', resolve));
        send('Browser.close').catch(() => {});
        await ended;
        rmSync(folder, {recursive: true, force: true, maxRetries: 10});
    };
    return {page: await openPage(send, listeners), close};
}

async function openPage(send, listeners) {
    const {targetId} = await send('Target.createTarget', {url: 'about:blank'});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    const ask = (method, params) => send(method, params, sessionId);
    const faults = [];
    listeners.push(message => {
        if (message.method === 'Runtime.exceptionThrown') faults.push(message.params.exceptionDetails.exception?.description);
        if (message.method === 'Log.entryAdded') faults.push(message.params.entry.text);
    });
    for (const part of ['Page', 'Runtime', 'Log']) await ask(`${part}.enable`);
    const once = name => new Promise(resolve => listeners.push(message => message.method === name && resolve()));
    return {
        ask, faults,
        async go(url) {
            const loaded = once('Page.loadEventFired');
            await ask('Page.navigate', {url});
            await loaded;
        },
        // The value of an expression in the page.
        async tell(expression) {
            const {result, exceptionDetails} = await ask('Runtime.evaluate', {expression, returnByValue: true, awaitPromise: true});
            if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
            return result.value;
        },
        async click(selector) {
            const {x, y} = await this.tell(`(() => { const e = document.querySelector(${JSON.stringify(selector)});
                e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); return {x: b.x + b.width / 2, y: b.y + b.height / 2}})()`);
            for (const type of ['mousePressed', 'mouseReleased'])
                await ask('Input.dispatchMouseEvent', {type, x, y, button: 'left', clickCount: 1});
        },
        async shoot() { return Buffer.from((await ask('Page.captureScreenshot', {format: 'png'})).data, 'base64'); },
    };
}
