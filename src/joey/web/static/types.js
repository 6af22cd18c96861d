// What the server sends, as types. Times are milliseconds of the host's clock since 1970.
/** @typedef {"live"|"late"|"none"|"invalid"} State */
/**
 * @typedef {object} Reading
 * @property {number|null} value null where there is none to show
 * @property {State} state
 * @property {number|null} at when the last value was measured
 * @property {string} [label] what it is called, where it stands in the place of another
 */
/** @typedef {"hr"|"spo2"|"rr"|"temp"} Quantity */
/**
 * @typedef {object} Infant
 * @property {string} name as on the wristband now
 * @property {string} formerly shown for 7 days after a change of name
 * @property {string} twin "A", "B" or empty
 * @property {string} age
 */
/**
 * @typedef {object} Holder
 * @property {string} role
 * @property {string} name first name or label; may be empty
 */
/**
 * @typedef {object} Running
 * @property {string} id
 * @property {number} since
 * @property {Holder} holder
 * @property {number} holderSince
 * @property {string} contact
 * @property {boolean} [unsent] whether some of it waits on this tablet
 */
/** @typedef {{what: string, since: number|null, marked: number|null}} Lost */
/**
 * @typedef {object} Spell
 * @property {string} id
 * @property {string} stream
 * @property {string} startNs by which its tags are told; as text: too fine for a number
 * @property {string} letters
 * @property {number} at
 * @property {number} seconds
 * @property {string} detail
 * @property {string[]} tags
 */
/**
 * @typedef {object} Tile
 * @property {string} key
 * @property {string} label what the bed is called: told from all others of the unit
 * @property {Infant|null} infant
 * @property {boolean} admitted whether an infant is admitted to the bed
 * @property {string} note why there is no name: empty, unassigned
 * @property {string} doubt why the signals are nobody's
 * @property {string} shows a word for whose signals these are: with another, nothing drawn before is of them
 * @property {string} aside why another monitor of the bed is not shown
 * @property {Record<Quantity, Reading>} readings
 * @property {string} apart that two rates of the heart disagree, in words
 * @property {Lost[]} lost
 * @property {Running|null} hold
 * @property {[number, number|null][]} held holds of the last hour
 * @property {number} heldS skin to skin today, without what goes on [s]
 * @property {number} otherS in other holds today [s]
 * @property {number|null} heldFrom from when the running one counts today
 * @property {number} midnight when today began
 * @property {number} goalS
 * @property {Spell[]} spells of the last hour
 * @property {number|null} known until when all that were over then are told; null where that is not known
 * @property {string} looked for how long they were looked for, where there was none
 * @property {string} analysis empty, or what is not being looked at
 * @property {boolean} simulated
 */
/** In `doubtful`, of each point of the heart rate whether no beat of its half minute is of good quality; `label`: whether `hr` are heart rates, pulse rates, or both. @typedef {{end: number, step: number, label: string, hr: (number|null)[], doubtful: boolean[], spo2: (number|null)[]}} Trend */
/**
 * @typedef {object} Bed
 * @property {Tile} tile
 * @property {Holder[]} holders last ones first
 * @property {{hold: string, tap: string, words: string}|null} undo what the last tap did, while it can be taken back
 * @property {number|null} dataFrom when the data begin, where the hold that runs began before them
 * @property {{start: number, end: number}|null} [stopped] a hold whose stop waits on this tablet
 * @property {{id: string, start: number, end: number|null, holders: Holder[]}[]} holds of the last day
 * @property {Spell[]} spells of the last day
 * @property {{label: string, since: number, until: number, spells: {letters: string, at: number}[]}[]} before where the infant lay in the last day before it came here
 * @property {{id: string, infant: Infant|null, words: string}|null} cutShort the last hold here that ended as its infant left
 * @property {{bed: string, label: string, infant: Infant|null}|null} carriedOn the hold that was here, at the bed where it goes on
 * @property {{id: string, words: string, lines: string[], chart: string, busy: boolean, why: string, asks: boolean}|null} last the last hold, its line to copy, and whether it is asked why it ended
 */
export {};
