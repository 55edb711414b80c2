/*
 * err-codes.h - the one list of error codes: name, exit status, what it is (the manual's list of
 * exit statuses is made from it). Define ERR_CODE(name, exit_status, text) before including it.
 */
ERR_CODE(NONE, 0, "no error")
ERR_CODE(FAILED, 1, "the operation failed")
ERR_CODE(USAGE, 1, "the command line is wrong")
ERR_CODE(INPUT, 1, "a file is wrong: its findings were printed")
ERR_CODE(NOT_FOUND, 1, "something that was named does not exist")
ERR_CODE(CONFLICT, 1, "something exists already or is in use")
ERR_CODE(UNSUPPORTED, 1, "the operator cannot do this")
ERR_CODE(SYSTEM, 1, "a system call failed")
ERR_CODE(CONNECT, 1, "the operator's endpoint does not answer")
ERR_CODE(PROTOCOL, 1, "the operator's answer makes no sense")
ERR_CODE(LIMIT, 1, "an input is larger than its limit")
ERR_CODE(LOCKED, 1, "another command works on this project")
ERR_CODE(TIMEOUT, 1, "it took longer than allowed")
ERR_CODE(INTERRUPTED, 130, "stopped by a signal")
