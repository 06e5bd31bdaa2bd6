;;; orchflow-keys.el --- Keys and the mouse as terminals send them  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; What xterm sends for keys and the mouse, as far as Emacs can tell them apart.  Nothing here knows buffers or engines,
;; so it is tested by tables.

;;; Code:

(require 'cl-lib)

;; Modes of a screen, with the numbers of orchflow.h.
(defconst orchflow-keys--application-cursor 2)
(defconst orchflow-keys--application-keypad 4)
(defconst orchflow-keys--clicks 16)
(defconst orchflow-keys--drags 32)
(defconst orchflow-keys--motion 64)
(defconst orchflow-keys--sgr 128)
(defconst orchflow-keys--utf8 256)
(defconst orchflow-keys--urxvt #x8000)
(defconst orchflow-keys--pixels #x10000)
(defconst orchflow-keys--presses #x20000)

(defconst orchflow-keys--letters
  '((up . "A") (down . "B") (right . "C") (left . "D") (begin . "E") (end . "F") (home . "H"))
  "Keys of the cursor, with the last byte of what they send.")

(defconst orchflow-keys--functions
  '((f1 . "P") (f2 . "Q") (f3 . "R") (f4 . "S"))
  "Function keys that send SS3 and a letter.")

(defconst orchflow-keys--numbers
  '((find . 1) (insert . 2) (insertchar . 2) (delete . 3) (deletechar . 3) (select . 4) (prior . 5) (next . 6)
    (f5 . 15) (f6 . 17) (f7 . 18) (f8 . 19) (f9 . 20) (f10 . 21) (f11 . 23) (f12 . 24))
  "Keys that send CSI, a number and a tilde.")

(defconst orchflow-keys--keypad
  '((kp-multiply "j" "*") (kp-add "k" "+") (kp-separator "l" ",") (kp-subtract "m" "-") (kp-decimal "n" ".")
    (kp-divide "o" "/") (kp-0 "p" "0") (kp-1 "q" "1") (kp-2 "r" "2") (kp-3 "s" "3") (kp-4 "t" "4") (kp-5 "u" "5")
    (kp-6 "v" "6") (kp-7 "w" "7") (kp-8 "x" "8") (kp-9 "y" "9") (kp-enter "M" "\r") (kp-equal "X" "="))
  "Keys of the keypad: what they send behind SS3 in application mode, and the character else.")

(defconst orchflow-keys--keypad-cursor
  '((kp-up . up) (kp-down . down) (kp-left . left) (kp-right . right) (kp-home . home) (kp-end . end)
    (kp-prior . prior) (kp-next . next) (kp-insert . insert) (kp-delete . delete) (kp-begin . begin))
  "Keys of the keypad that are keys of the cursor.")

(defconst orchflow-keys-names
  (append (mapcar #'car orchflow-keys--letters) (mapcar #'car orchflow-keys--functions)
          (mapcar #'car orchflow-keys--numbers) (mapcar #'car orchflow-keys--keypad)
          (mapcar #'car orchflow-keys--keypad-cursor)
          '(tab backtab iso-lefttab return backspace escape))
  "All keys with names that are sent.")

(defun orchflow-keys--modifier (modifiers)
  "The number that xterm sends for MODIFIERS; 1 for none."
  (+ 1 (if (memq 'shift modifiers) 1 0) (if (or (memq 'meta modifiers) (memq 'alt modifiers)) 2 0)
     (if (memq 'control modifiers) 4 0)))

(defun orchflow-keys--named (name modifiers modes)
  "What the key NAME with MODIFIERS sends under MODES; nil for nothing."
  (let* ((name (alist-get name orchflow-keys--keypad-cursor name))
         (modifier (orchflow-keys--modifier modifiers))
         (plain (= modifier 1))
         (meta (if (memq 'meta modifiers) "\e" ""))
         found)
    (cond
     ((setq found (alist-get name orchflow-keys--letters))
      (cond ((not plain) (format "\e[1;%d%s" modifier found))
            ((/= 0 (logand modes orchflow-keys--application-cursor)) (concat "\eO" found))
            (t (concat "\e[" found))))
     ((setq found (alist-get name orchflow-keys--functions))
      (if plain (concat "\eO" found) (format "\e[1;%d%s" modifier found)))
     ((setq found (alist-get name orchflow-keys--numbers))
      (if plain (format "\e[%d~" found) (format "\e[%d;%d~" found modifier)))
     ((setq found (alist-get name orchflow-keys--keypad))
      (if (/= 0 (logand modes orchflow-keys--application-keypad))
          (if plain (concat "\eO" (car found)) (format "\eO%d%s" modifier (car found)))
        (concat meta (cadr found))))
     (t (pcase name
          ('tab (if (memq 'shift modifiers) "\e[Z" (concat meta "\t")))
          ((or 'backtab 'iso-lefttab) "\e[Z")
          ('return (concat meta "\r"))
          ('backspace (concat meta (if (memq 'control modifiers) "\b" "\d")))
          ('escape (concat meta "\e")))))))

(defun orchflow-keys--control (char)
  "The character that CHAR is with the control key; CHAR if there is none."
  (cond ((<= ?@ char ?_) (logand char 31))
        ((<= ?a char ?z) (logand char 31))
        ((= char ?\s) 0)
        ((= char ??) 127)
        ;; As xterm does on a keyboard of the United States.
        (t (alist-get char '((?2 . 0) (?3 . 27) (?4 . 28) (?5 . 29) (?6 . 30) (?7 . 31) (?8 . 127) (?/ . 31)) char))))

(defun orchflow-keys-encode (event modes)
  "What EVENT of the keyboard sends to a terminal with MODES; nil for nothing."
  (let ((modifiers (event-modifiers event)))
    (if (symbolp event)
        (orchflow-keys--named (event-basic-type event) modifiers modes)
      (let* ((char (logand event #x3fffff))
             (char (if (/= 0 (logand event ?\C-\0)) (orchflow-keys--control char) char)))
        (concat (when (/= 0 (logand event ?\M-\0)) "\e") (string char))))))

;;;; Mouse

(defun orchflow-keys-mouse-p (modes)
  "Whether a program with MODES asks for the mouse."
  (/= 0 (logand modes (logior orchflow-keys--clicks orchflow-keys--drags orchflow-keys--motion
                              orchflow-keys--presses))))

(defun orchflow-keys-drags-p (modes)
  "Whether a program with MODES asks for the motion of a mouse whose button is down."
  (/= 0 (logand modes (logior orchflow-keys--drags orchflow-keys--motion))))

(defun orchflow-keys--button (type)
  "The number of the button of TYPE, such as `mouse-1'; nil for another event."
  (alist-get type '((mouse-1 . 0) (mouse-2 . 1) (mouse-3 . 2) (mouse-4 . 64) (mouse-5 . 65) (mouse-6 . 66) (mouse-7 . 67)
                    (wheel-up . 64) (wheel-down . 65) (wheel-left . 66) (wheel-right . 67))))

(defun orchflow-keys--old-mouse (code col row modes)
  "The forms of mouse reports before SGR: CODE at COL and ROW under MODES."
  (cond
   ((/= 0 (logand modes orchflow-keys--urxvt)) (format "\e[%d;%d;%dM" (+ code 32) (1+ col) (1+ row)))
   ((/= 0 (logand modes orchflow-keys--utf8)) (format "\e[M%c%c%c" (+ code 32) (+ col 33) (+ row 33)))
   ;; A byte has no room for more.
   ((and (< col 223) (< row 223)) (concat "\e[M" (unibyte-string (+ code 32) (+ col 33) (+ row 33))))))

(defun orchflow-keys-mouse (kind type modifiers col row modes)
  "What the mouse sends, nil for nothing: KIND is `press', `release' or `drag'.
TYPE is the basic type of the event, such as `mouse-1', MODIFIERS its modifiers; COL and ROW count from 0 within the
screen.  A wheel is only pressed.  MODES are those of the screen."
  (let ((button (orchflow-keys--button type))
        (only-presses (zerop (logand modes (logior orchflow-keys--clicks orchflow-keys--drags
                                                   orchflow-keys--motion)))))
    (when (and button (orchflow-keys-mouse-p modes)
               (not (and only-presses (not (eq kind 'press))))
               (or (not (eq kind 'drag)) (orchflow-keys-drags-p modes)))
      (let ((code (+ button (if (eq kind 'drag) 32 0)
                     (if only-presses 0
                       (+ (if (memq 'shift modifiers) 4 0) (if (memq 'meta modifiers) 8 0)
                          (if (memq 'control modifiers) 16 0))))))
        (cond
         ((/= 0 (logand modes orchflow-keys--pixels)) nil)
         ((/= 0 (logand modes orchflow-keys--sgr))
          (format "\e[<%d;%d;%d%s" code (1+ col) (1+ row) (if (eq kind 'release) "m" "M")))
         (t (orchflow-keys--old-mouse (if (eq kind 'release) (logior (logand code (lognot 3)) 3) code)
                                      col row modes)))))))

(provide 'orchflow-keys)
;;; orchflow-keys.el ends here
