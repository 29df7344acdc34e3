public import Torch

/// How a picture is taken apart from fine to coarse: every scale squeezes 2×2 pixels into channels (Dinh et al. 2017,
/// "Density estimation using Real NVP", section 3.6), keeps the first channel as the next scale's picture and gives the
/// other three off, one after the other; what is left is given off in the order of ever finer lattices.
public struct ScaleLattice: Sendable {
  /// The parts of one scale: which numbers of the grid `[c, H, W]` come in which turn.
  public struct Grid: Sendable {
    public let channels: Int
    public let height: Int
    public let width: Int
    /// Of each turn: 1 where a number has come before, and 1 where one comes now; `[c, H, W]`.
    public let turns: [(seen: Tensor, now: Tensor)]
  }

  /// From fine to coarse; the last has one channel.
  public let grids: [Grid]

  /// - Parameter squeezes: how often the picture is halved; both sides are multiples of 2 to that power.
  public init(height: Int, width: Int, squeezes: Int) throws {
    var grids: [Grid] = []
    for level in 1...max(1, squeezes) where squeezes > 0 {
      let (h, w) = (height >> level, width >> level)
      // The pixel across first, then those between: each has more neighbours than the one before.
      let turns = try [3, 1, 2].enumerated().map { turn, channel in
        let before = [0, 3, 1].prefix(turn + 1)
        return (
          seen: try Self.mask(4, h, w) { c, _, _ in before.contains(c) },
          now: try Self.mask(4, h, w) { c, _, _ in c == channel }
        )
      }
      grids.append(Grid(channels: 4, height: h, width: w, turns: turns))
    }
    let (h, w) = (height >> squeezes, width >> squeezes)
    // Turn of each pixel: the lattice of every fourth, then what halves its spacing, twice.
    func turn(_ y: Int, _ x: Int) -> Int {
      switch (y % 4, x % 4) {
      case (0, 0): 0
      case (2, 2): 1
      case (0, 2): 2
      case (2, 0): 3
      default: y % 2 == 1 && x % 2 == 1 ? 4 : y % 2 == 0 ? 5 : 6
      }
    }
    let used = (0..<7).filter { t in (0..<h).contains { y in (0..<w).contains { turn(y, $0) == t } } }
    let turns = try used.map { t in
      (
        seen: try Self.mask(1, h, w) { _, y, x in turn(y, x) < t },
        now: try Self.mask(1, h, w) { _, y, x in turn(y, x) == t }
      )
    }
    grids.append(Grid(channels: 1, height: h, width: w, turns: turns))
    self.grids = grids
  }

  private static func mask(_ c: Int, _ h: Int, _ w: Int, _ isIn: (Int, Int, Int) -> Bool) throws -> Tensor {
    var values: [Float] = []
    for channel in 0..<c { for y in 0..<h { for x in 0..<w { values.append(isIn(channel, y, x) ? 1 : 0) } } }
    return try Tensor(values, shape: [c, h, w])
  }

  /// `x [N, 1, H, W]` on every grid, from fine to coarse.
  public func squeezed(_ x: Tensor) throws -> [Tensor] {
    var parts: [Tensor] = []
    var picture = x
    for _ in grids.dropLast() {
      let grid = try picture.pixelUnshuffled(2)
      parts.append(grid)
      picture = try grid.narrow(1, start: 0, length: 1)
    }
    return parts + [picture]
  }
}
