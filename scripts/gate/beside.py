"""Work done beside other steps, one piece after another and at a low priority: tests keep the processors they ask for."""

import concurrent.futures
import os


class Beside:
    def __enter__(self):
        # The priority is the thread's own, and goes to the processes and threads that it starts.
        self.pool = concurrent.futures.ThreadPoolExecutor(1, initializer=os.nice, initargs=(15,))
        self.pieces = []
        return self

    def run(self, work, *arguments, **more):
        """A future of what `work` returns."""
        self.pieces.append(self.pool.submit(work, *arguments, **more))
        return self.pieces[-1]

    def __exit__(self, failure, *_):
        self.pool.shutdown(cancel_futures=failure is not None)
        for piece in self.pieces if failure is None else []:
            piece.result()
