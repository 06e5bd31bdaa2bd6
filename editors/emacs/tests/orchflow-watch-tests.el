;;; orchflow-watch-tests.el --- Watched directories  -*- lexical-binding: t; byte-compile-docstring-max-column: 120 -*-
;;; Code:
(require 'orchflow-test-help)
(provide 'orchflow-watch-tests)
