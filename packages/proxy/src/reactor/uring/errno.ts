import { constants } from 'node:os';

/** Error numbers that the reactor tells apart. Completions carry them negated. */
export const { EAGAIN, EBUSY, ECANCELED, EINTR, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ETIME } = constants.errno;
