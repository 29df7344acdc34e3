public import Torch

/// What a model is told about y, in the three shapes that a backbone can use. Any may be absent; all absent is the
/// unconditional case.
public struct Conditioning: Sendable {
  /// `[N, D]`: modulates layers.
  public var global: Tensor?
  /// `[N, L, D]`: attended to.
  public var sequence: Tensor?
  /// `[N, L]`, 1 where `sequence` holds something.
  public var sequenceMask: Tensor?
  /// `[N, C, …]`: concatenated to, or the start of, what the backbone sees.
  public var spatial: Tensor?

  public init(
    global: Tensor? = nil, sequence: Tensor? = nil, sequenceMask: Tensor? = nil, spatial: Tensor? = nil
  ) {
    self.global = global
    self.sequence = sequence
    self.sequenceMask = sequenceMask
    self.spatial = spatial
  }

  public static var none: Conditioning { Conditioning() }
}
