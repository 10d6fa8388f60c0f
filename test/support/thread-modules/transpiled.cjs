// A handler of a module that a compiler has turned into CommonJS.
Object.defineProperty(exports, "__esModule", { value: true });
exports.default = (message) => `${message} by a compiler`;
