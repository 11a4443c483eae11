/// <reference path="../../static/node_modules/lean-qr/index.d.ts" />
export * from 'lean-qr/nano';
