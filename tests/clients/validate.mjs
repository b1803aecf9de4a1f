// Validates YAML files against a JSON Schema with Ajv, which shares no code with Redial.
//
//   node validate.mjs SCHEMA FILE...     prints what is wrong with each file; 1 when something is
//   node validate.mjs --not SCHEMA FILE...   every file must be wrong; 1 when one is not
import {readFileSync} from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import {parse} from 'yaml';

const args = process.argv.slice(2);
const wantWrong = args[0] === '--not';
if (wantWrong) args.shift();
const [schema, ...files] = args;
const validate = new Ajv({allErrors: false, strict: true, strictRequired: false, allowUnionTypes: true}).compile(
    JSON.parse(readFileSync(schema, 'utf8')));

let failed = 0;
for (const file of files) {
    // Redial reads YAML 1.2; a key written twice is its own error there
    const value = parse(readFileSync(file, 'utf8'), {version: '1.2', uniqueKeys: false});
    const right = validate(value);
    if (right === !wantWrong) continue;
    failed++;
    if (wantWrong) console.log(`${file}: validates, and should not`);
    for (const error of right ? [] : validate.errors)
        console.log(`${file}: ${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
}
const sort = wantWrong ? "files that are wrong by shape" : "files";
const found = wantWrong ? "validate" : "do not validate";
console.log(`schema: ${files.length} ${sort}, ${failed} ${found}`);
process.exit(failed > 0 ? 1 : 0);
