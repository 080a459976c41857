import { constants } from 'node:os';

/** Error numbers that the reactor tells apart. Completions carry them negated. */
export const { EAGAIN, EBUSY, ECANCELED, ECONNABORTED, EINTR, EINVAL, ENOBUFS, EPERM, EPROTO, ETIME } = constants.errno;
