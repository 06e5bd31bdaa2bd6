// Qt: a QSocketNotifier for the descriptor. The slot runs on the thread of the notifier, which owns the engine.
#include "trace.h"

#include <QCoreApplication>
#include <QSocketNotifier>
#include <QTimer>

int main(int argc, char **argv) {
    QCoreApplication app(argc, argv);
    trace *const self = trace_start();
    QSocketNotifier notifier(trace_fd(self), QSocketNotifier::Read);
    QObject::connect(&notifier, &QSocketNotifier::activated, [&] {
        switch (trace_readable(self)) {
        case TRACE_IDLE: QTimer::singleShot(TRACE_IDLE_MS, [=] { trace_idle_over(self); }); break;
        case TRACE_OVER: notifier.setEnabled(false); app.quit(); break;
        case TRACE_WAIT: break;
        }
    });
    const int status = app.exec();
    trace_end(self);
    return status;
}
