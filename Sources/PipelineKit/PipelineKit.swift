// What other people import: the core, the values that stages pass on, and every task.
@_exported public import AudioSynthTask
@_exported public import ClassImageTask
@_exported public import GenerativeVersusDiscriminative
@_exported public import ImitationTask
@_exported public import MediaIO
@_exported public import PipelineCore
@_exported public import SuperResolutionTask
@_exported public import TextSynthTask
@_exported public import TextToImageTask

extension TaskRegistry {
  /// Every task of this package, with the stages that read and write media.
  public static let all = TaskRegistry(
    [
      SuperResolution(), ClassImage(), AudioSynth(), TextToImage(enlarger: enlarger), Imitation(),
      TextSynth(),
    ],
    commonStages: MediaStages.all)

  /// What shows small pictures larger.
  private static let enlarger: PictureEnlarger.Finder = {
    try SuperResolution.enlarger(scale: $0, in: PipelineHome())
  }
}
