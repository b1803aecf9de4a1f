// Starts `redial fake` for a test, and stops it with the test. REDIAL names the command.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const root = new URL('../..', import.meta.url).pathname;

// `world` is the part of a scenario below `world:`, as an object; without one, every request gets a simulated answer.
// What comes back: `env`, what points clients at the fake; `journal(filter)`, what arrived; `stop()`.
export async function fake({world, args = []} = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'redial-client-'));
    const file = join(folder, 'scenario.yaml');
    if (world) {
        writeFileSync(file, JSON.stringify({scenario: 1, name: 'a client of ours', policy: join(root, 'policies/claude-code.yaml'),
            call: {model: 'claude-opus-4-6'}, world, expect: {outcome: 'success'}}));
    }
    const child = spawn(process.env.REDIAL, ['fake', '--env', 'json', '--for', '2m', ...args, ...(world ? [file] : [])],
        {stdio: ['ignore', 'pipe', 'pipe']});
    const ended = new Promise((resolve) => child.on('close', resolve));
    let out = '', told = '';
    child.stderr.on('data', (chunk) => (told += chunk));
    const env = await new Promise((resolve, reject) => {
        child.stdout.on('data', (chunk) => {
            out += chunk;
            if (out.trimEnd().endsWith('}')) resolve(JSON.parse(out));
        });
        child.on('close', (code) => reject(new Error(`redial fake ended with ${code}: ${told}`)));
    });
    return {
        env,
        told: () => told,
        async journal(filter = {}) {
            return (await fetch(`${env.REDIAL_FAKE_URL}/_redial/journal?${new URLSearchParams(filter)}`)).json();
        },
        async stop() {
            child.kill('SIGTERM');
            await ended;
            rmSync(folder, {recursive: true, force: true});
        },
    };
}

// What is set for a client: what the fake says, and nothing of this machine: no command line tool of a vendor is found
// (google-auth-library would ask gcloud for a project, which takes seconds).
export function environment({env}, more = {}) {
    const all = {PATH: '/nonexistent', TMPDIR: process.env.TMPDIR, HOME: '/nonexistent', ...env, ...more};
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null && value !== undefined));
}
