// A handler of a CommonJS module.
module.exports = (message) => `${message} by CommonJS`;
