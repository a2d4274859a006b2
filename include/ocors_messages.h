/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of our log messages: one each, never used again. docs/messages.md says what to do. */
#ifndef OCORS_MESSAGES_H
#define OCORS_MESSAGES_H

#define OCORS_LOG_DOCUMENT_ERROR   "OCORS0001: " /* a document of a running server is bad */
#define OCORS_LOG_DOCUMENT_KEPT    "OCORS0002: " /* its last good policy stays */
#define OCORS_LOG_DOCUMENT_NOTHING "OCORS0003: " /* there is none: nothing is allowed */
#define OCORS_LOG_DOCUMENT_WARNING "OCORS0004: "
#define OCORS_LOG_DOCUMENT_REMARK  "OCORS0005: "
#define OCORS_LOG_NO_DOCUMENTS     "OCORS0006: " /* OcapiCors On, and no OcapiCorsSettings */
#define OCORS_LOG_PUBLISHED        "OCORS0007: "
#define OCORS_LOG_NO_MEMORY        "OCORS0008: "
#define OCORS_LOG_CORRUPT          "OCORS0009: "
#define OCORS_LOG_REFUSED          "OCORS0010: " /* a request was refused */
#define OCORS_LOG_WITHHELD         "OCORS0011: " /* a request passed without permission */
#define OCORS_LOG_WOULD_REFUSE     "OCORS0012: " /* OcapiCors ReportOnly */
#define OCORS_LOG_LIMITED          "OCORS0013: " /* a directive of ours in <Limit> */
#define OCORS_LOG_ALIAS            "OCORS0014: " /* a ServerAlias that is too wide for R10 */
#define OCORS_LOG_KEPT             "OCORS0015: " /* no new segment: the last generation stays */
#define OCORS_LOG_NO_ROOM          "OCORS0016: " /* a timed reload that does not fit */
#define OCORS_LOG_WATCH_DIED       "OCORS0017: "
#define OCORS_LOG_NOT_PROTECTED    "OCORS0018: "
#define OCORS_LOG_RESTLESS         "OCORS0019: " /* a file that changes all the time */
#define OCORS_LOG_NAMELESS         "OCORS0020: " /* OcapiCors On, and no configured name (R10) */
#define OCORS_LOG_TWINS            "OCORS0021: " /* sites of a tree that differ in case only */
#define OCORS_LOG_UNTOLD           "OCORS0022: " /* the system does not tell of all changes */
#define OCORS_LOG_OTHER_VERSION    "OCORS0023: " /* retained data of another version */
#define OCORS_LOG_CHANGED          "OCORS0024: " /* what came and went */
#define OCORS_LOG_MISPLACED        "OCORS0025: " /* a name in a tree that was meant to be another */
#define OCORS_LOG_EMPTY            "OCORS0026: " /* a policy that allows no origin */
#define OCORS_LOG_MINUTE           "OCORS0027: " /* what was refused in a minute */
#define OCORS_LOG_NOT_COUNTED      "OCORS0028: " /* no memory for the counters */
#define OCORS_LOG_EXPLAINS         "OCORS0029: " /* OcapiCorsExplain is on */
#define OCORS_LOG_NOT_CONFINED     "OCORS0030: " /* the watching process keeps privileges */

#endif
