#!/usr/bin/env node
const x: number = 1;
console.log(process.version, x, process.argv.slice(2));
