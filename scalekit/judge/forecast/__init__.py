"""Forecasts: folds with a rolling origin, naive forecasts, and accuracy by series and horizon, on any backend.

A forecast is judged by rows: a row is a series at a period, its target is what was, and a model's prediction for it is
compared with what naive forecasts knew at the origin of the row's window. All of it is made by operations of frames,
so rows stay where they are. In processing order:

``periods``     the steps of time, found by one small query
``windows``     which periods are known and which are forecast, by counting
``origins``     ``sk.rolling_origin``: folds as lazy frames
``naive``       each row's window and horizon, the last value, the seasonal naive forecast, and the scales of its series
``judged``      ``with_history(frame, protocol)`` for a protocol of task ``"forecast"``: the same of the rows that it judges;
                ``rolling(frame, protocol)``: one training frame for each fold, and all their tests in one frame
``accuracy``    ``accuracy(frame, ...)``: MASE, RMSSE, WAPE, bias, pinball, by any columns
``diebold_mariano``  whether one forecast of a single series is better than another
"""
