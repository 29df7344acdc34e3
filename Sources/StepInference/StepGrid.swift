internal import TorchNN

/// What several streams keep of a grid of patches, with zeros for what lies outside.
struct StepGrid {
  let memory: AlignedFloats
  let rowsAbove: Int
  let reach: Int
  let channels: Int
  let width: Int
  let perStream: Int

  init(streams: Int, height: Int, width: Int, rowsAbove: Int, reach: Int, channels: Int) {
    (self.rowsAbove, self.reach, self.channels) = (rowsAbove, reach, channels)
    self.width = width + 2 * reach
    perStream = AlignedFloats.rounded((height + rowsAbove) * self.width * channels)
    memory = AlignedFloats(count: streams * perStream)
  }

  func address(_ stream: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
    memory.address + stream * perStream + ((row + rowsAbove) * width + column + reach) * channels
  }

  /// Copies what a place sees, and returns its length.
  @discardableResult
  func gather(
    _ stream: Int, _ row: Int, _ column: Int, here: Bool, rows: Int, reach: Int,
    into x: UnsafeMutablePointer<Float>
  ) -> Int {
    var end = x
    for above in stride(from: rows, to: 0, by: -1) {
      let count = (2 * reach + 1) * channels
      end.update(from: address(stream, row - above, column - reach), count: count)
      end += count
    }
    let count = (reach + (here ? 1 : 0)) * channels
    end.update(from: address(stream, row, column - reach), count: count)
    return end + count - x
  }
}
