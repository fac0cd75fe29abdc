// Reads models with dmn-moddle, the parser of the dmn-js viewers: `node parse.mjs FOLDER MODEL...`, where FOLDER holds
// node_modules. One line of JSON a model: what it found, and every warning. dmn-moddle knows DMN 1.3; of other versions
// it is told the namespaces, which is all in which they differ here.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, ...models] = process.argv.slice(2);
const found = createRequire(join(folder, 'package.json')).resolve('dmn-moddle');
const { default: DmnModdle } = await import(pathToFileURL(found));
const prefixes = { 'MODEL/': 'dmn', 'DMNDI/': 'dmndi' };
const nsMap = Object.fromEntries(
  ['20211108', '20230324'].flatMap(version =>
    Object.entries(prefixes).map(([part, prefix]) => [`https://www.omg.org/spec/DMN/${version}/${part}`, prefix])));

for (const model of models) {
  const plain = model.endsWith('.13.dmn');
  const moddle = new DmnModdle({}, plain ? {} : { nsMap });
  const { rootElement, warnings } = await moddle.fromXML(readFileSync(model, 'utf8'), 'dmn:Definitions');
  const tables = rootElement.drgElement.map(element => element.decisionLogic).filter(
    logic => logic && logic.$type === 'dmn:DecisionTable');
  console.log(JSON.stringify({
    warnings: warnings.map(warning => warning.message),
    elements: rootElement.drgElement.length,
    tables: tables.length,
    rules: tables.flatMap(table => table.rule || []).length,
    shapes: rootElement.dmnDI.diagrams[0].diagramElements.filter(one => one.$type === 'dmndi:DMNShape').length,
  }));
}
