// A handler that says how many messages its thread has had.
let messages = 0;

export default () => (messages += 1);
