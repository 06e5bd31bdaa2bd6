;;; orchflow-keys-tests.el --- What keys and the mouse send  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-

;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Code:

(require 'orchflow-test-help)

(defconst orchflow-keys-tests--cursor 2)
(defconst orchflow-keys-tests--keypad 4)

(ert-deftest orchflow-keys-send-what-xterm-sends ()
  (pcase-dolist (`(,key ,modes ,expected)
                 `((?a 0 "a") (?ä 0 "ä") (?\s 0 " ") (?\C-a 0 "\1") (?\C-@ 0 "\0") (?\C-\s 0 "\0") (?\C-/ 0 "\x1f")
                   (?\C-? 0 "\d") (?\C-_ 0 "\x1f") (?\M-a 0 "\ea") (?\M-\C-a 0 "\e\1") (?\e 0 "\e") (127 0 "\d")
                   (up 0 "\e[A") (up 2 "\eOA") (left 0 "\e[D") (C-left 0 "\e[1;5D") (C-left 2 "\e[1;5D")
                   (S-up 0 "\e[1;2A") (M-right 0 "\e[1;3C") (C-S-end 0 "\e[1;6F") (home 2 "\eOH") (end 0 "\e[F")
                   (f1 0 "\eOP") (f4 0 "\eOS") (f5 0 "\e[15~") (f12 0 "\e[24~") (S-f1 0 "\e[1;2P") (C-f5 0 "\e[15;5~")
                   (insert 0 "\e[2~") (delete 0 "\e[3~") (deletechar 0 "\e[3~") (prior 0 "\e[5~") (C-next 0 "\e[6;5~")
                   (tab 0 "\t") (backtab 0 "\e[Z") (S-tab 0 "\e[Z") (return 0 "\r") (M-return 0 "\e\r")
                   (backspace 0 "\d") (M-backspace 0 "\e\d") (C-backspace 0 "\b") (escape 0 "\e")
                   (kp-5 0 "5") (kp-5 4 "\eOu") (kp-enter 0 "\r") (kp-enter 4 "\eOM") (kp-up 0 "\e[A") (kp-up 2 "\eOA")
                   (f35 0 nil) (XF86Wake 0 nil)))
    (should (equal (list key modes (orchflow-keys-encode key modes)) (list key modes expected)))))

(ert-deftest orchflow-keys-report-the-mouse-in-all-forms ()
  (let ((sgr (logior 16 128)) (drags (logior 32 128)))
    (pcase-dolist (`(,kind ,type ,modifiers ,col ,row ,modes ,expected)
                   `((press mouse-1 nil 0 0 0 nil)
                     (press mouse-1 nil 0 0 ,sgr "\e[<0;1;1M") (release mouse-1 nil 4 9 ,sgr "\e[<0;5;10m")
                     (press mouse-3 (shift) 300 2 ,sgr "\e[<6;301;3M") (press mouse-2 (control meta) 0 0 ,sgr "\e[<25;1;1M")
                     (drag mouse-1 nil 1 1 ,sgr nil) (drag mouse-1 nil 1 1 ,drags "\e[<32;2;2M")
                     (press mouse-4 nil 0 0 ,sgr "\e[<64;1;1M") (press wheel-down nil 0 0 ,sgr "\e[<65;1;1M")
                     (press mouse-1 nil 0 0 16 "\e[M !!") (release mouse-1 nil 1 2 16 "\e[M#\"#")
                     (press mouse-1 nil 200 0 16 ,(concat "\e[M " (unibyte-string 233) "!")) (press mouse-1 nil 223 0 16 nil)
                     (press mouse-1 nil 200 0 ,(logior 16 256) ,(string ?\e ?\[ ?M ?\s 233 ?!))
                     (press mouse-1 nil 9 0 ,(logior 16 #x8000) "\e[32;10;1M")
                     (press mouse-1 (shift) 0 0 ,(logior #x20000 128) "\e[<0;1;1M")
                     (release mouse-1 nil 0 0 ,(logior #x20000 128) nil)
                     (press f1 nil 0 0 ,sgr nil)))
      (should (equal (list kind type modes (orchflow-keys-mouse kind type modifiers col row modes))
                     (list kind type modes expected))))))

(ert-deftest orchflow-keys-of-the-map-go-to-the-program-or-to-emacs ()
  (dolist (key '("C-a" "C-z" "C-l" "ESC f" "DEL" "RET" "TAB" "C-SPC" "C-/" "<up>" "C-<left>" "<f5>" "<escape>" "<kp-5>"))
    (should (memq (lookup-key orchflow-mode-map (kbd key)) '(orchflow-send-key orchflow-send-meta-key))))
  (dolist (key '("C-x" "M-x" "ESC x" "C-g" "C-u" "C-h" "M-o"))
    (should-not (commandp (lookup-key orchflow-mode-map (kbd key)))))
  (should (eq (lookup-key orchflow-mode-map (kbd "C-c C-c")) 'orchflow-interrupt))
  (should (eq (lookup-key orchflow-mode-map [xterm-paste]) 'orchflow-xterm-paste)))

(ert-deftest orchflow-keys-that-emacs-keeps-can-be-chosen ()
  (let ((before orchflow-kept-keys))
    (unwind-protect
        (progn
          (customize-set-variable 'orchflow-kept-keys '("C-c" "M-f" "<f1>"))
          (should-not (commandp (lookup-key orchflow-mode-map (kbd "ESC f"))))
          (should-not (commandp (lookup-key orchflow-mode-map (kbd "<f1>"))))
          (should (eq (lookup-key orchflow-mode-map (kbd "ESC x")) 'orchflow-send-meta-key))
          (should (eq (lookup-key orchflow-mode-map (kbd "C-x")) 'orchflow-send-key)))
      (customize-set-variable 'orchflow-kept-keys before))
    (should-not (commandp (lookup-key orchflow-mode-map (kbd "ESC x"))))))

(provide 'orchflow-keys-tests)
;;; orchflow-keys-tests.el ends here
