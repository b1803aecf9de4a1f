// Prints the `run:` lines of a GitHub workflow, one line each.   node workflow.mjs FILE
import {readFileSync} from 'node:fs';
import {parse} from 'yaml';

const workflow = parse(readFileSync(process.argv[2], 'utf8'));
for (const job of Object.values(workflow.jobs))
    for (const step of job.steps) {
        if (!step.run === !step.uses) throw new Error(`a step has run: or uses:, and one of them: ${JSON.stringify(step)}`);
        if (step.run) console.log(step.run.trim().replaceAll('\n', ' && '));
    }
